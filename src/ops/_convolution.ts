import type { Attributes } from '../graph/graph.js'
import { type Tensor, type TensorType, elementCount, formatType, tensor } from '../graph/types.js'
import { number, numbers } from './_attributes.js'
import { at } from './_index.js'
import type { Arguments } from './language.js'
import { type RowAxis, TypeMismatch } from './operator.js'

/** How a convolution's window moves over its spatial axes. Pads are all befores, then all afters, as in ONNX. */
export interface Geometry {
  readonly strides: readonly number[]
  readonly pads: readonly number[]
  readonly dilations: readonly number[]
  readonly group: number
}

export const geometry = (attributes: Attributes): Geometry => ({
  strides: numbers(attributes, 'strides'),
  pads: numbers(attributes, 'pads'),
  dilations: numbers(attributes, 'dilations'),
  group: number(attributes, 'group'),
})

export const attributesOf = ({ strides, pads, dilations, group }: Geometry): Attributes => ({
  strides,
  pads,
  dilations,
  group,
})

/** Zeros before and after spatial axis i. */
export const padding = ({ pads, strides }: Geometry, i: number): [number, number] => [
  pads[i] ?? 0,
  pads[i + strides.length] ?? 0,
]

/** The span of a dilated kernel along spatial axis i. */
export const reach = ({ dilations }: Geometry, kernel: readonly number[], i: number): number =>
  (dilations[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1

export const spatial = (shape: readonly number[]): readonly number[] => shape.slice(2)

/** The spatial sizes of x [n, c, ...] convolved with a kernel. */
export function convolvedSize(x: readonly number[], kernel: readonly number[], g: Geometry): number[] {
  return spatial(x).map((size, i) => {
    const [before, after] = padding(g, i)
    return Math.floor((size + before + after - reach(g, kernel, i)) / (g.strides[i] ?? 1)) + 1
  })
}

/** The type of x [n, c, ...] convolved with weight [m, c / group, ...]. */
export function convolvedType(
  x: TensorType,
  weight: TensorType,
  bias: TensorType | undefined,
  g: Geometry,
): TensorType {
  const rank = x.shape.length - 2
  const said = `conv of ${formatType(x)} with ${formatType(weight)}`
  if (rank < 1 || rank > 3 || weight.shape.length !== x.shape.length) {
    throw new TypeMismatch(
      `${said}: conv wants [n, c, h, w] with [m, c / groups, h, w], or one or three spatial axes instead of two`,
    )
  }
  if (g.strides.length !== rank || g.dilations.length !== rank || g.pads.length !== 2 * rank) {
    throw new TypeMismatch(
      `${said}: stride, padding and dilation are one number, or one for each of ${rank} spatial axes`,
    )
  }
  const [n = 1, c = 1] = x.shape
  const [m = 1, part = 1] = weight.shape
  if (part * g.group !== c || m % g.group !== 0) {
    const groups = g.group === 1 ? '' : ` in ${g.group} groups`
    throw new TypeMismatch(`${said}${groups}: the weight is for ${part * g.group} input channels, x has ${c}`)
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== m)) {
    throw new TypeMismatch(`${said}: the bias wants shape [${m}], not ${formatType(bias)}`)
  }
  const size = convolvedSize(x.shape, spatial(weight.shape), g)
  if (size.some((d) => d < 1)) throw new TypeMismatch(`${said}: the kernel is larger than the padded picture`)
  return { dtype: x.dtype, shape: [n, m, ...size] }
}

/** Fewer than three spatial axes are a volume with leading ones of size 1. */
const volume = (shape: readonly number[] = []): readonly number[] =>
  shape.toSpliced(2, 0, ...Array.from({ length: 5 - shape.length }, () => 1))

const triple = (values: readonly number[], filler: number): [number, number, number] => {
  const [x = filler, y = filler, z = filler] = values.toReversed()
  return [z, y, x]
}

/**
 * Visits each product of a convolution y = x * w: the places of its factors and of the sum that it belongs to.
 * The transposed convolution visits the same triples with x and y exchanged.
 */
function forEachProduct(
  [x, w, y]: readonly (readonly number[])[],
  g: Geometry,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [n = 1, c = 1, depth = 1, height = 1, width = 1] = volume(x)
  const [, part = 1, kernelDepth = 1, kernelHeight = 1, kernelWidth = 1] = volume(w)
  const [, m = 1, outDepth = 1, outHeight = 1, outWidth = 1] = volume(y)
  const [strideZ, strideY, strideX] = triple(g.strides, 1)
  const [dilationZ, dilationY, dilationX] = triple(g.dilations, 1)
  const [padZ, padY, padX] = triple(g.pads.slice(0, g.strides.length), 0)
  const perGroup = m / g.group
  const plane = (b: number, o: number, i: number, kz: number, oz: number): void => {
    const iz = oz * strideZ + kz * dilationZ - padZ
    if (iz < 0 || iz >= depth) return
    const channel = Math.floor(o / perGroup) * part + i
    for (let ky = 0; ky < kernelHeight; ky++)
      for (let kx = 0; kx < kernelWidth; kx++) {
        const wi = (((o * part + i) * kernelDepth + kz) * kernelHeight + ky) * kernelWidth + kx
        for (let oy = 0; oy < outHeight; oy++) {
          const iy = oy * strideY + ky * dilationY - padY
          if (iy < 0 || iy >= height) continue
          for (let ox = 0; ox < outWidth; ox++) {
            const ix = ox * strideX + kx * dilationX - padX
            if (ix < 0 || ix >= width) continue
            visit(
              (((b * c + channel) * depth + iz) * height + iy) * width + ix,
              wi,
              (((b * m + o) * outDepth + oz) * outHeight + oy) * outWidth + ox,
            )
          }
        }
      }
  }
  for (let b = 0; b < n; b++)
    for (let o = 0; o < m; o++)
      for (let i = 0; i < part; i++)
        for (let kz = 0; kz < kernelDepth; kz++) for (let oz = 0; oz < outDepth; oz++) plane(b, o, i, kz, oz)
}

/** x convolved with w in float64. */
export function convolve(x: Tensor, w: Tensor, bias: Tensor | null | undefined, g: Geometry): Tensor {
  const { shape } = convolvedType(x, w, undefined, g)
  const out = biased(shape, bias)
  forEachProduct([x.shape, w.shape, shape], g, (i, k, o) => {
    out[o] = at(out, o) + at(x.data, i) * at(w.data, k)
  })
  return tensor(x.dtype, shape, out)
}

/** The adjoint of `convolve` in its first argument, into the given shape. */
export function convolveTransposed(
  y: Tensor,
  w: Tensor,
  bias: Tensor | null | undefined,
  g: Geometry,
  shape: readonly number[],
): Tensor {
  const out = biased(shape, bias)
  forEachProduct([shape, w.shape, y.shape], g, (i, k, o) => {
    out[i] = at(out, i) + at(y.data, o) * at(w.data, k)
  })
  return tensor(y.dtype, shape, out)
}

/** Zeros [n, m, ...], or the bias of each channel. */
function biased(shape: readonly number[], bias: Tensor | null | undefined): Float64Array {
  const plane = elementCount(shape.slice(2))
  return Float64Array.from({ length: elementCount(shape) }, (_, i) =>
    bias ? at(bias.data, Math.floor(i / plane) % (shape[1] ?? 1)) : 0,
  )
}

/**
 * Rows of x in y = x * w (or of y in the transposed convolution, with `wide` and `narrow` the sizes of the other way):
 * kept along the batch, and along a spatial axis whose windows tile it without overlap.
 */
export function convolvedRow(
  row: RowAxis,
  wide: readonly number[],
  narrow: readonly number[],
  kernel: readonly number[],
  g: Geometry,
  count: number,
): RowAxis | 'coupled' {
  if (row === null || row === 0) return row
  const i = row - 2
  const [stride, out] = [g.strides[i] ?? 1, narrow[row] ?? 1]
  const tiles =
    i >= 0 && padding(g, i)[0] === 0 && wide[row] === out * stride && reach(g, kernel, i) <= stride
  return tiles && out % count === 0 ? row : 'coupled'
}

/** The window of a call of conv or conv_transpose: each number of the language stands for all spatial axes. */
export function windowArguments(word: string, args: Arguments, x: TensorType): Attributes {
  const each = (name: string, least: number): number[] =>
    perAxis(`${word} of ${formatType(x)}`, name, args.ints(name), least, Math.max(spatial(x.shape).length, 1))
  const [strides, dilations, pads] = [each('stride', 1), each('dilation', 1), each('padding', 0)]
  const group = args.int('groups')
  if (group < 1) throw new TypeMismatch(`${word} wants at least 1 group, not ${group}`)
  return { strides, dilations, pads: [...pads, ...pads], group }
}

/** One number for each spatial axis, from one for all or one each. */
export function perAxis(
  said: string,
  name: string,
  given: readonly number[],
  least: number,
  rank: number,
): number[] {
  const values = given.length === 1 ? Array.from({ length: rank }, () => given[0] ?? least) : [...given]
  if (values.length === rank && values.every((v) => Number.isInteger(v) && v >= least)) return values
  throw new TypeMismatch(
    `${said}: ${name} is one number from ${least} on, or one for each of ${rank} spatial axes, not [${given.join(', ')}]`,
  )
}
