import type { Attributes, Value } from '../graph/graph.js'
import { type TensorType, formatType } from '../graph/types.js'
import { flag, numbers, string } from './_attributes.js'
import { convolvedRow, type Geometry, perAxis } from './_convolution.js'
import { floatTypes, given, requireTypes } from './_types.js'
import type { Arguments, LanguageParameter } from './language.js'
import { type RowAxis, TypeMismatch } from './operator.js'
import type { SampleRandom } from './sample.js'

/** A pooling window over the spatial axes of x [n, c, ...]: as that of a convolution, with the size of its result. */
export interface Window extends Geometry {
  readonly kernel: readonly number[]
  readonly size: readonly number[]
}

/** Attributes that max and average pooling share; strides, pads and dilations left out are 1, 0 and 1 per axis. */
export const poolAttributes: readonly string[] = ['kernel_shape', 'strides', 'pads', 'dilations']
export const poolDefaults: Attributes = { auto_pad: 'NOTSET', ceil_mode: 0 }

/** The window on spatial sizes. Where ceil_mode lets it go over the end, the pads after grow by what it reaches over. */
export function windowOf(spatial: readonly number[], attributes: Attributes): Window {
  const kernel = numbers(attributes, 'kernel_shape')
  const each = (name: string, fallback: number): readonly number[] =>
    attributes[name] === undefined ? kernel.map(() => fallback) : numbers(attributes, name)
  const [strides, dilations] = [each('strides', 1), each('dilations', 1)]
  const given = attributes['pads'] === undefined ? kernel.flatMap(() => [0, 0]) : numbers(attributes, 'pads')
  const before: number[] = []
  const after: number[] = []
  const size: number[] = []
  for (const [i, k] of kernel.entries()) {
    const [d, stride, reach] = [spatial[i] ?? 1, strides[i] ?? 1, (dilations[i] ?? 1) * (k - 1) + 1]
    let [first, last] = [given[i] ?? 0, given[i + kernel.length] ?? 0]
    const auto = string(attributes, 'auto_pad')
    if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
      const total = Math.max((Math.ceil(d / stride) - 1) * stride + reach - d, 0)
      first = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)
      last = total - first
    }
    const steps = (d + first + last - reach) / stride
    let n = (flag(attributes, 'ceil_mode') ? Math.ceil(steps) : Math.floor(steps)) + 1
    // A window must begin inside the picture or its pads before.
    if (flag(attributes, 'ceil_mode') && (n - 1) * stride >= d + first) n--
    before[i] = first
    after[i] = Math.max(last, (n - 1) * stride + reach - d - first)
    size[i] = n
  }
  return { kernel, strides, dilations, pads: [...before, ...after], group: 1, size }
}

/** The type rule of a pooling operator. */
export function pooledType(word: string, x: Value, attributes: Attributes): TensorType {
  requireTypes(word, floatTypes, x)
  const [n = 1, c = 1, ...spatial] = x.type.shape
  const kernel = numbers(attributes, 'kernel_shape')
  const said = `${word} of ${formatType(x.type)}`
  if (spatial.length < 1 || spatial.length > 3 || kernel.length !== spatial.length) {
    throw new TypeMismatch(
      `${said} with a window of [${kernel.join(', ')}]: x is [n, c, ...] with one to three spatial axes, the window has a size for each`,
    )
  }
  for (const name of ['strides', 'dilations', 'pads']) {
    const wanted = name === 'pads' ? 2 * kernel.length : kernel.length
    if (attributes[name] !== undefined && numbers(attributes, name).length !== wanted)
      throw new TypeMismatch(`${said}: stride, padding and dilation have one number per spatial axis`)
  }
  const { size, pads } = windowOf(spatial, attributes)
  if (size.some((d) => d < 1)) throw new TypeMismatch(`${said}: the window is larger than the padded picture`)
  if (attributes['pads'] !== undefined && kernel.some((k, i) => (pads[i] ?? 0) >= k))
    throw new TypeMismatch(`${said}: padding is smaller than the window, which would else see nothing`)
  return { dtype: x.type.dtype, shape: [n, c, ...size] }
}

/** Calls `visit` for each window with the place of its result and the places in its plane that it sees. */
export function forEachWindow(
  spatial: readonly number[],
  { kernel, strides, dilations, pads, size }: Window,
  visit: (result: number, seen: readonly number[]) => void,
): void {
  /** Per axis and position, the coordinates that lie inside. */
  const lines = size.map((n, i) =>
    Array.from({ length: n }, (_, o) =>
      Array.from(
        { length: kernel[i] ?? 1 },
        (__, k) => o * (strides[i] ?? 1) + k * (dilations[i] ?? 1) - (pads[i] ?? 0),
      ).filter((at) => at >= 0 && at < (spatial[i] ?? 1)),
    ),
  )
  const walk = (axis: number, result: number, seen: readonly number[]): void => {
    if (axis === size.length) return visit(result, seen)
    for (const [o, inside] of (lines[axis] ?? []).entries()) {
      const further = seen.flatMap((place) => inside.map((at) => place * (spatial[axis] ?? 1) + at))
      walk(axis + 1, result * (size[axis] ?? 1) + o, further)
    }
  }
  walk(0, 0, [0])
}

/** Rows of [n, c, ...] stay apart in batch and channels, and along a spatial axis that windows tile. */
export function pooledRow(
  row: RowAxis,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
  count: number,
): RowAxis | 'coupled' {
  if (row === 1) return row
  const { shape } = given(inputs, 0).type
  const window = windowOf(shape.slice(2), attributes)
  return convolvedRow(row, shape, [0, 0, ...window.size], window.kernel, window, count)
}

export const poolParameters: readonly LanguageParameter[] = [
  { name: 'x', kind: 'tensor' },
  { name: 'kernel', kind: 'ints' },
  { name: 'stride', kind: 'ints', default: null },
  { name: 'padding', kind: 'ints', default: [0] },
  { name: 'ceil', kind: 'bool', default: false },
]

/** The attributes of a call; a stride left out is the kernel's size, as in torch. */
export function poolArguments(word: string, args: Arguments): Attributes {
  const { type } = args.tensor('x')
  const each = (name: string, least: number, values: readonly number[]): number[] =>
    perAxis(`${word} of ${formatType(type)}`, name, values, least, Math.max(type.shape.length - 2, 1))
  const kernel_shape = each('kernel', 1, args.ints('kernel'))
  const strides = args.has('stride') ? each('stride', 1, args.ints('stride')) : kernel_shape
  const pads = each('padding', 0, args.ints('padding'))
  return { kernel_shape, strides, pads: [...pads, ...pads], ceil_mode: args.bool('ceil') ? 1 : 0 }
}

/** One to three spatial axes; the window always fits and its pads are smaller than it. */
export function sampleWindow(random: SampleRandom): { shape: number[]; attributes: Attributes } {
  const rank = random.pick([1, 2, 2, 3])
  const kernel = Array.from({ length: rank }, () => random.pick([1, 2, 2, 3]))
  const pads = [...kernel, ...kernel].map((k) => random.int(0, Math.min(1, k - 1)))
  const strides = kernel.map((k) => random.pick([1, 2, k]))
  const dilations = kernel.map(() => random.pick([1, 1, 2]))
  const size = kernel.map((k, i) => (dilations[i] ?? 1) * (k - 1) + 1 + random.int(0, rank === 3 ? 2 : 4))
  return {
    shape: [random.int(1, 2), random.int(1, 3), ...size],
    attributes: {
      kernel_shape: kernel,
      strides,
      pads,
      dilations,
      auto_pad: 'NOTSET',
      ceil_mode: random.int(0, 1),
    },
  }
}
