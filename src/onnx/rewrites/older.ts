import type { Value } from '../../graph/graph.js'
import { elementCount, tensor } from '../../graph/types.js'
import { damaged, unsupported } from '../problem.js'
import { hardmax } from './elements.js'
import type { Rewrite, RewriteContext } from './rewrite.js'

/** How an operator is written that works otherwise in opsets below one. */
interface OlderForm {
  readonly below: number
  readonly rewrite: Rewrite
}

/** Axes before `axis` (default 1) are one, those from it on another: the operator works along the second. */
const onMatrix =
  (along: (c: RewriteContext, matrix: Value) => Value): Rewrite =>
  (c) => {
    const x = c.input(0)
    const { shape } = x.type
    const axis = c.int('axis', 1)
    const at = axis === shape.length ? axis : c.axis(axis, shape.length)
    const rows = elementCount(shape.slice(0, at))
    const matrix = c.b.reshape(x, [rows, elementCount(shape.slice(at))])
    return [c.b.reshape(along(c, matrix), shape)]
  }

const softmax = onMatrix((c, matrix) => c.b.op(c.node.op, [matrix], { axis: 1 }))

/** A number of an attribute as the scalar operand that newer opsets have instead. */
const scalarOf = (c: RewriteContext, name: string): Value | null =>
  c.has(name) ? c.b.scalar(c.int(name, 0), c.input(0).type.dtype) : null

/** The larger sizes of the nearest or linear neighbours, where the places of elements are i / scale. */
function scaled(c: RewriteContext, scales: readonly number[]): readonly Value[] {
  const mode = c.text('mode', 'nearest')
  if (mode !== 'nearest' && mode !== 'linear') return unsupported(`the mode "${mode}"`)
  const less = scales.filter((s) => s < 1)
  // onnxruntime takes the element below where it enlarges, the one above where it makes smaller.
  if (mode === 'nearest' && less.length > 0 && scales.some((s) => s > 1))
    return unsupported('it makes one axis larger and another smaller')
  const x = c.input(0)
  if (scales.length !== x.type.shape.length) return damaged(`it has ${scales.length} scales`)
  const attributes = {
    mode,
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: less.length > 0 ? 'ceil' : 'floor',
  }
  return [c.b.op('Resize', [x, null, c.b.constant(tensor('f32', [scales.length], scales)), null], attributes)]
}

/** Scale and bias of each group, not of each channel. */
const perGroup: Rewrite = (c) => {
  const [x, groups] = [c.input(0), c.int('num_groups', 1)]
  const each = (x.type.shape[1] ?? 1) / groups
  const spread = (v: Value): Value =>
    c.b.reshape(c.b.expand(c.b.reshape(v, [groups, 1]), [groups, each]), [groups * each])
  return c.same([x, spread(c.input(1)), spread(c.input(2))])
}

/** Operators by name, with the forms that they had, the oldest first; each holds below an opset. */
export const older: ReadonlyMap<string, readonly OlderForm[]> = new Map<string, readonly OlderForm[]>([
  ['Softmax', [{ below: 13, rewrite: softmax }]],
  ['LogSoftmax', [{ below: 13, rewrite: softmax }]],
  ['Hardmax', [{ below: 13, rewrite: onMatrix((c, matrix) => hardmax(c, matrix, 1)) }]],
  [
    'Clip',
    [
      {
        below: 11,
        rewrite: (c) => c.same([c.input(0), scalarOf(c, 'min'), scalarOf(c, 'max')], ['min', 'max']),
      },
    ],
  ],
  [
    'Pad',
    [
      {
        below: 11,
        rewrite: (c) =>
          c.same([c.input(0), c.b.ints(c.ints('pads') ?? []), scalarOf(c, 'value')], ['pads', 'value']),
      },
    ],
  ],
  [
    'Slice',
    [
      {
        below: 10,
        rewrite: (c) => {
          const starts = c.ints('starts') ?? []
          const axes = c.ints('axes') ?? starts.map((_, k) => k)
          const lists = [starts, c.ints('ends') ?? [], axes, starts.map(() => 1)]
          if (lists.some((l) => l.length !== starts.length))
            return damaged('its starts, ends and axes do not fit each other')
          return [c.b.op('Slice', [c.input(0), ...lists.map((l) => c.b.ints(l))])]
        },
      },
    ],
  ],
  ['TopK', [{ below: 10, rewrite: (c) => c.same([c.input(0), c.b.ints([c.int('k', 1)])], ['k']) }]],
  [
    'Upsample',
    [
      { below: 9, rewrite: (c) => scaled(c, c.ints('scales') ?? []) },
      { below: 10, rewrite: (c) => scaled(c, c.numbers(1)) },
    ],
  ],
  ['Resize', [{ below: 11, rewrite: (c) => scaled(c, c.numbers(1)) }]],
  [
    'Scatter',
    [
      {
        below: 11,
        rewrite: (c) => [
          c.b.op('ScatterElements', [c.input(0), c.input(1), c.input(2)], { axis: c.int('axis', 0) }),
        ],
      },
    ],
  ],
  ['GroupNormalization', [{ below: 21, rewrite: perGroup }]],
])
