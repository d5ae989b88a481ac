import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { elementCount, formatType, tensor } from '../graph/types.js'
import { flag, string } from './_attributes.js'
import { corners } from './_grid-cotangents.js'
import { at } from './_index.js'
import { floatTypes, given, listTypes, requireSameType, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'
import type { SampleRandom } from './sample.js'

const gridSample: Operator = {
  name: 'GridSample',
  domain: '',
  doc: "Pictures x [n, c, h, w] read at the places of grid [n, p, q, 2], each (x, y) in [-1, 1]: [n, c, p, q]. Mode 'linear' reads between the four neighbours, 'nearest' the nearest one (halves go to the even place). Places outside read 0 (padding_mode 'zeros'), the border, or the picture reflected at its border. With align_corners = 1, -1 and 1 are the centres of the outermost elements, else their outer edges. Source: torch.nn.functional.grid_sample.",
  attributes: { mode: 'linear', padding_mode: 'zeros', align_corners: 0 },
  infer(inputs, attributes) {
    const [x, grid] = [given(inputs, 0), given(inputs, 1)]
    requireTypes('grid_sample', floatTypes, x, grid)
    requireSameType('grid_sample', x, grid)
    const [n = 0, c = 0] = x.type.shape
    const [m, p = 0, q = 0, two] = grid.type.shape
    if (x.type.shape.length !== 4 || grid.type.shape.length !== 4 || n !== m || two !== 2) {
      throw new TypeMismatch(
        `grid_sample wants pictures [n, c, h, w] and a grid [n, p, q, 2]: ${listTypes([x.type, grid.type])} do not fit`,
      )
    }
    if (elementCount(x.type.shape.slice(2)) === 0)
      throw new TypeMismatch(`grid_sample cannot read ${formatType(x.type)}, which has no elements`)
    for (const [name, known] of Object.entries(choices)) {
      const value = string(attributes, name)
      if (!known.includes(value))
        throw new TypeMismatch(`grid_sample has no ${name} "${value}"`, `there are ${known.join(', ')}`)
    }
    return [{ dtype: x.type.dtype, shape: [n, c, p, q] }]
  },
  value(inputs, attributes) {
    const [x, grid] = [given(inputs, 0), given(inputs, 1)]
    const [n = 1, c = 1, h = 1, w = 1] = x.shape
    const [, p = 1, q = 1] = grid.shape
    const line = axisReader(attributes)
    const out = new Float64Array(n * c * p * q)
    for (let i = 0; i < n * p * q; i++) {
      const picture = Math.floor(i / (p * q))
      const columns = line(at(grid.data, 2 * i), w)
      const rows = line(at(grid.data, 2 * i + 1), h)
      for (let k = 0; k < c; k++) {
        let sum = 0
        for (const [row, a] of rows)
          for (const [column, b] of columns)
            sum += a * b * at(x.data, ((picture * c + k) * h + row) * w + column)
        out[(picture * c + k) * p * q + (i % (p * q))] = sum
      }
    }
    return [tensor(x.dtype, [n, c, p, q], out)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent: g }) {
      const [x, grid] = [given(inputs, 0), given(inputs, 1)]
      return [() => toPicture(b, x, grid, g, node.attributes), () => toGrid(b, x, grid, g, node.attributes)]
    },
  },
  narrow: 'none',
  flops: (_, [y]) => 8 * elementCount(y?.shape ?? []),
  rows: ([ofX = null, ofGrid = null], inputs) => {
    const [n = 1] = given(inputs, 0).type.shape
    if (ofX === null && ofGrid === null) return [null]
    if (ofX === 1 && ofGrid === null) return [1]
    if (ofX === null && (ofGrid === 1 || ofGrid === 2)) return [ofGrid + 1]
    return [
      (ofX ?? 0) === 0 && (ofGrid ?? 0) === 0 && (n === 1 || (ofX === 0 && ofGrid === 0)) ? 0 : 'coupled',
    ]
  },
  language: [
    {
      name: 'grid_sample',
      doc: 'Pictures x [n, c, h, w] read at the places of grid [n, p, q, 2], each (x, y) in [-1, 1]: [n, c, p, q]. mode is "linear" or "nearest"; places outside read 0 (padding = "zeros"), the "border" or by "reflection". With `align_corners`, -1 and 1 are the centres of the outermost pixels, else their outer edges. Source: torch.nn.functional.grid_sample.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'grid', kind: 'tensor' },
        { name: 'mode', kind: 'string', default: 'linear' },
        { name: 'padding', kind: 'string', default: 'zeros' },
        { name: 'align_corners', kind: 'bool', default: false },
      ],
      build: (b, args) =>
        b.op('GridSample', [args.tensor('x'), args.tensor('grid')], {
          mode: args.string('mode'),
          padding_mode: args.string('padding'),
          align_corners: args.bool('align_corners') ? 1 : 0,
        }),
    },
  ],
  sample,
}
export default gridSample

const choices: Readonly<Record<string, readonly string[]>> = {
  mode: ['linear', 'nearest'],
  padding_mode: ['zeros', 'border', 'reflection'],
}

/** Which of `size` elements a place reads, with weights. */
function axisReader(attributes: Attributes): (place: number, size: number) => (readonly [number, number])[] {
  const aligned = flag(attributes, 'align_corners')
  const padding = string(attributes, 'padding_mode')
  return (place, size) => {
    let u = aligned ? ((place + 1) / 2) * (size - 1) : ((place + 1) * size - 1) / 2
    if (padding === 'reflection') u = reflected(u, aligned ? 0 : -0.5, aligned ? size - 1 : size - 0.5)
    if (padding !== 'zeros') u = Math.min(Math.max(u, 0), size - 1)
    if (string(attributes, 'mode') === 'nearest') return inside([[toEven(u), 1]], size)
    const low = Math.floor(u)
    return inside(
      [
        [low, 1 - (u - low)],
        [low + 1, u - low],
      ],
      size,
    )
  }
}

const inside = (read: (readonly [number, number])[], size: number) =>
  read.filter(([k, weight]) => k >= 0 && k < size && weight !== 0)

/** u mirrored at both ends until it lies between them. */
function reflected(u: number, low: number, high: number): number {
  const span = high - low
  if (span === 0) return low
  const rest = Math.abs(u - low) % (2 * span)
  return low + (rest > span ? 2 * span - rest : rest)
}

function toEven(x: number): number {
  const low = Math.floor(x)
  if (x - low !== 0.5) return Math.round(x)
  return low % 2 === 0 ? low : low + 1
}

/** [n, 1, p q] */
const perPlace = (b: Builder, v: Value): Value => {
  const [n = 1, places = 1] = v.type.shape
  return b.reshape(v, [n, 1, places])
}

/** The cotangent of the pictures: each place adds its cotangent, by weight, to what it read. */
function toPicture(b: Builder, x: Value, grid: Value, g: Value, attributes: Attributes): Value {
  const [n = 1, c = 1, h = 1, w = 1] = x.type.shape
  const [, p = 1, q = 1] = grid.type.shape
  const flat = b.reshape(g, [n, c, p * q])
  let sum = b.zerosLike(b.reshape(x, [n, c, h * w]))
  for (const { index, weight } of corners(b, grid, h, w, attributes)) {
    const indices = b.expand(perPlace(b, index), [n, c, p * q])
    const updates = b.mul(flat, perPlace(b, weight()))
    sum = b.op('ScatterElements', [sum, indices, updates], { axis: 2, reduction: 'add' })
  }
  return b.reshape(sum, x.type.shape)
}

/** The cotangent of the grid: how each weight changes along x and y, times what it reads. */
function toGrid(b: Builder, x: Value, grid: Value, g: Value, attributes: Attributes): Value {
  const [n = 1, c = 1, h = 1, w = 1] = x.type.shape
  const [, p = 1, q = 1] = grid.type.shape
  const flat = b.reshape(g, [n, c, p * q])
  const pictures = b.reshape(x, [n, c, h * w])
  let sums: [Value, Value] | undefined
  for (const { index, slopes } of corners(b, grid, h, w, attributes)) {
    if (!slopes) continue
    const indices = b.expand(perPlace(b, index), [n, c, p * q])
    const read = b.op('GatherElements', [pictures, indices], { axis: 2 })
    const flow = b.sum(b.mul(flat, read), [1])
    const [alongX, alongY] = slopes()
    const parts: [Value, Value] = [b.mul(flow, alongX), b.mul(flow, alongY)]
    sums = sums ? [b.add(sums[0], parts[0]), b.add(sums[1], parts[1])] : parts
  }
  if (!sums) return b.zerosLike(grid)
  const column = (v: Value): Value => b.reshape(v, [n, p, q, 1])
  return b.concat([column(sums[0]), column(sums[1])], 3)
}

/** Places from well inside to outside of the picture, away from the kinks between elements. */
function sample(random: SampleRandom): ReturnType<Operator['sample']> {
  const [n, c, h, w] = [random.int(1, 2), random.int(1, 2), random.int(2, 4), random.int(2, 4)]
  const [p, q] = [random.int(1, 3), random.int(1, 3)]
  const attributes = {
    mode: random.pick(['linear', 'linear', 'nearest']),
    padding_mode: random.pick(['zeros', 'border', 'reflection']),
    align_corners: random.int(0, 1),
  }
  const place = (size: number): number => {
    // In elements: a tenth or more away from whole and half ones.
    const u = random.int(-3, 2 * size + 2) / 2 + random.pick([0.1, 0.25, 0.4])
    return attributes.align_corners ? (2 * u) / (size - 1) - 1 : (2 * u + 1) / size - 1
  }
  const grid = Array.from({ length: n * p * q }, () => [place(w), place(h)]).flat()
  return {
    inputs: [random.tensor([n, c, h, w]), tensor('f32', [n, p, q, 2], grid.map(Math.fround))],
    attributes,
  }
}
