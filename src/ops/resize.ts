import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { type Tensor, elementCount, formatType, sameShape, tensor } from '../graph/types.js'
import { string } from './_attributes.js'
import { around, at } from './_index.js'
import { type Line, taps } from './_resample.js'
import { checkConstantSize, constantInts, floatTypes, given, ints, requireTypes } from './_types.js'
import type { Arguments, LanguageFunction } from './language.js'
import { type Operator, TypeMismatch } from './operator.js'
import type { SampleRandom } from './sample.js'

const transformations = [
  'asymmetric',
  'half_pixel',
  'pytorch_half_pixel',
  'half_pixel_symmetric',
  'align_corners',
]
const modes = ['nearest', 'linear', 'cubic']

const resize: Operator = {
  name: 'Resize',
  domain: '',
  doc: "x brought to given sizes (input 3, one per axis) or scaled by given factors (input 2): by the nearest element (mode 'nearest', its place computed in float32), linearly or cubically between neighbours along each axis. The attributes are ONNX's; defaults are those of the function `resize_nearest`.",
  attributes: {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  },
  withoutDefault: ['cubic_coeff_a', 'antialias', 'exclude_outside'],
  ignored: { extrapolation_value: 0, keep_aspect_ratio_policy: 'stretch' },
  infer(inputs, attributes) {
    const x = given(inputs, 0)
    requireTypes('resize', floatTypes, x)
    const full = complete(attributes)
    for (const [what, value, known] of [
      ['mode', string(full, 'mode'), modes],
      ['coordinate transformation', string(full, 'coordinate_transformation_mode'), transformations],
    ] as const) {
      if (!known.includes(value))
        throw new TypeMismatch(`resize has no ${what} "${value}"`, `there are ${known.join(', ')}`)
    }
    const [scales, sizes] = [inputs[2], inputs[3]]
    const shape = sizes
      ? constantInts(sizes)
      : constantInts(given(inputs, 2)).map((s, i) => Math.floor((x.type.shape[i] ?? 1) * s))
    if (
      shape.length !== x.type.shape.length ||
      shape.some((d) => !Number.isInteger(d) || d < 1) ||
      (scales && sizes)
    ) {
      throw new TypeMismatch(`resize cannot bring ${formatType(x.type)} to [${shape.join(', ')}]`)
    }
    return [{ dtype: x.type.dtype, shape }]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    return [
      linesOf(x.shape, inputs[2] ? ints(inputs[2]) : undefined, inputs[3] ? ints(inputs[3]) : []).reduce(
        (t, line, axis) => (line ? alongAxis(t, axis, taps(line, complete(attributes))) : t),
        x,
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const { shape } = given(inputs, 0).type
      const [scales, sizes] = [node.inputs[2], node.inputs[3]]
      const lines = linesOf(
        shape,
        scales ? constantInts(scales) : undefined,
        sizes ? constantInts(sizes) : [],
      )
      const full = complete(node.attributes)
      return [
        () => lines.reduceRight((g, line, axis) => (line ? gathered(b, g, axis, line, full) : g), cotangent),
        null,
        null,
        null,
      ]
    },
  },
  narrow: [0],
  flops: (_, [y], attributes) => {
    const each = { nearest: 0, linear: 8, cubic: 32 }[string(attributes, 'mode')] ?? 0
    return each * elementCount(y?.shape ?? [])
  },
  rows: ([row = null], inputs, [y], attributes) => {
    if (row === null) return [null]
    const [size, n] = [given(inputs, 0).type.shape[row] ?? 1, y?.shape[row] ?? 0]
    if (size === n && !inputs[2]) return [row]
    // A whole factor repeats each row; other factors share elements between rows.
    const repeats =
      n % size === 0 &&
      string(attributes, 'mode') === 'nearest' &&
      taps({ size, n, scale: n / size }, complete(attributes)).every(
        ([tap], i) => tap?.from === Math.floor((i * size) / n),
      )
    return [repeats ? row : 'coupled']
  },
  shapeOperand: 3,
  language: [
    {
      name: 'resize_nearest',
      doc: 'x with its last axes brought to the given sizes by the nearest element: output i of n reads input floor(i * size / n), as torch interpolates by default.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'size', kind: 'ints' },
      ],
      build(b, args) {
        return resizeExactly(b, args.tensor('x'), wantedSizes('resize_nearest', args))
      },
    },
    between(
      'resize_linear',
      'linear',
      'linearly between neighbours along each axis (bilinear for pictures), as torch.nn.functional.interpolate',
    ),
    between(
      'resize_cubic',
      'cubic',
      'by cubic convolution along each axis (bicubic for pictures; a = -0.75, or -0.5 with `antialias`), as torch.nn.functional.interpolate',
    ),
  ],
  sample: sampleResize,
}
export default resize

/** ONNX's other defaults. */
const complete = (attributes: Attributes): Attributes => ({
  antialias: 0,
  exclude_outside: 0,
  cubic_coeff_a: -0.75,
  ...attributes,
})

/** Per axis how to go, or nothing where it stays as it is. */
function linesOf(
  shape: readonly number[],
  scales: readonly number[] | undefined,
  sizes: readonly number[],
): readonly (Line | undefined)[] {
  return shape.map((size, axis) => {
    const scale = scales?.[axis] ?? (sizes[axis] ?? size) / size
    const n = scales ? Math.floor(size * scale) : (sizes[axis] ?? size)
    return scale === 1 ? undefined : { size, n, scale }
  })
}

function alongAxis(x: Tensor, axis: number, read: ReturnType<typeof taps>): Tensor {
  const [before, size, after] = around(x.shape, axis)
  const n = read.length
  const out = new Float64Array(before * n * after)
  for (let i = 0; i < out.length; i++) {
    const line = Math.floor(i / (n * after)) * size
    for (const { from, weight } of read[Math.floor(i / after) % n] ?? [])
      out[i] = at(out, i) + weight * at(x.data, (line + from) * after + (i % after))
  }
  return tensor(x.dtype, x.shape.with(axis, n), out)
}

/** The sizes of all axes, the last ones from the argument `size`. */
function wantedSizes(name: string, args: Arguments): number[] {
  const { type } = args.tensor('x')
  const size = args.ints('size')
  if (size.length > type.shape.length)
    throw new TypeMismatch(`${name} cannot bring ${formatType(type)} to ${size.length} axes`)
  const sizes = [...type.shape.slice(0, type.shape.length - size.length), ...size]
  if (sizes.some((d) => !Number.isInteger(d) || d < 1 || d > 2 ** 24))
    throw new TypeMismatch(`${name} cannot bring ${formatType(type)} to [${sizes.join(', ')}]`)
  return sizes
}

function between(name: string, mode: string, how: string): LanguageFunction {
  return {
    name,
    doc: `x with its last axes brought to the given sizes ${how}; \`align_corners\` puts the first and last elements on each other instead of the borders, \`antialias\` smooths over all elements that an output stands for where x shrinks.`,
    parameters: [
      { name: 'x', kind: 'tensor' },
      { name: 'size', kind: 'ints' },
      { name: 'align_corners', kind: 'bool', default: false },
      { name: 'antialias', kind: 'bool', default: false },
    ],
    build(b, args) {
      const x = args.tensor('x')
      const sizes = wantedSizes(name, args)
      if (sameShape(x.type.shape, sizes)) return x
      const [count, most] = [args.ints('size').length, 2]
      if (count > most) throw new TypeMismatch(`${name} resizes at most ${most} axes, not ${count}`)
      // onnxruntime has these modes for [n, c, h, w] alone.
      const plane = (shape: readonly number[]): number[] => {
        const inner = shape.slice(shape.length - count)
        return [1, elementCount(shape.slice(0, shape.length - count)), ...(count === 1 ? [1] : []), ...inner]
      }
      const resized = b.op('Resize', [b.reshape(x, plane(x.type.shape)), null, null, b.ints(plane(sizes))], {
        mode,
        coordinate_transformation_mode: args.bool('align_corners') ? 'align_corners' : 'half_pixel',
        ...(mode === 'cubic' ? { cubic_coeff_a: args.bool('antialias') ? -0.5 : -0.75 } : {}),
        ...(args.bool('antialias') ? { antialias: 1, exclude_outside: 1 } : {}),
      })
      return b.reshape(resized, sizes)
    },
  }
}

const asymmetric = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }

/** Resize, or Gather along the axes where Resize's rounding would read a neighbour (14 to 2 reads element 6, not 7). */
function resizeExactly(b: Builder, x: Value, sizes: readonly number[]): Value {
  const { shape } = x.type
  const exact = (n: number, size: number): number[] =>
    Array.from({ length: n }, (_, i) => Math.floor((i * size) / n))
  let result = x
  for (const [axis, n] of sizes.entries()) {
    const size = shape[axis] ?? 1
    const from = exact(n, size)
    if (taps({ size, n, scale: n / size }, asymmetric).every(([tap], i) => tap?.from === from[i])) continue
    result = b.op('Gather', [result, b.ints(from)], { axis })
  }
  return sameShape(result.type.shape, sizes) ? result : b.op('Resize', [result, null, null, b.ints(sizes)])
}

/**
 * Sums along an axis what was read from each element: a reduction where each was repeated as often as the others, else
 * a product with the matrix of weights.
 */
function gathered(b: Builder, g: Value, axis: number, line: Line, attributes: Attributes): Value {
  const { shape, dtype } = g.type
  const { size, n } = line
  const read = taps(line, attributes)
  const repeats = n % size === 0 && string(attributes, 'mode') === 'nearest'
  if (repeats && read.every(([tap], i) => tap?.from === Math.floor((i * size) / n)))
    return b.sum(b.reshape(g, shape.toSpliced(axis, 1, size, n / size)), [axis + 1])
  checkConstantSize('the gradient of resize', size * n)
  const matrix = new Float64Array(size * n)
  for (const [i, list] of read.entries()) for (const { from, weight } of list) matrix[from * n + i] = weight
  const lines = b.reshape(g, [elementCount(shape.slice(0, axis)), n, elementCount(shape.slice(axis + 1))])
  return b.reshape(b.matmul(b.constant(tensor(dtype, [size, n], matrix)), lines), shape.with(axis, size))
}

function sampleResize(random: SampleRandom): ReturnType<Operator['sample']> {
  const mode = random.pick(['nearest', 'nearest', 'linear', 'cubic'])
  const shape = [random.int(1, 3), random.int(1, 3), random.int(1, 5), random.int(1, 5)]
  const sizes = shape.map((d, axis) =>
    axis < 2 ? d : random.pick([d, 2 * d, 3 * d, d + 1, 2 * d - 1, 7, Math.ceil(d / 2)]),
  )
  const inputs = [random.tensor(shape), null, null, tensor('i64', [4], sizes)]
  if (mode === 'nearest')
    return {
      inputs,
      attributes: {
        ...asymmetric,
        ...random.pick([
          {},
          { coordinate_transformation_mode: 'half_pixel', nearest_mode: 'round_prefer_floor' },
        ]),
      },
    }
  const transformation = random.pick(['half_pixel', 'align_corners', 'asymmetric'])
  const antialias = transformation === 'half_pixel' && random.bool(0.3) ? 1 : 0
  return {
    inputs,
    attributes: {
      mode,
      coordinate_transformation_mode: transformation,
      nearest_mode: 'floor',
      ...(mode === 'cubic' ? { cubic_coeff_a: -0.75 } : {}),
      antialias,
      exclude_outside: antialias === 1 ? random.int(0, 1) : 0,
    },
  }
}
