import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { flag, string } from './_attributes.js'

/** An element that each place of a grid [n, p, q, 2] reads. */
interface Corner {
  /** i64[n, p q]: its place in the picture; somewhere inside also where nothing is read. */
  readonly index: Value
  /** [n, p q] */
  readonly weight: () => Value
  /** The derivatives of the weight by the grid's x and y, [n, p q] each; absent where it is constant. */
  readonly slopes?: () => [Value, Value]
}

/** One of the neighbours along an axis: where it lies, its weight and the slope of the weight. */
interface Neighbour {
  readonly at: Value
  readonly weight: Value
  readonly slope?: Value
}

/** What GridSample reads of pictures of h times w, built from primitives. */
export function corners(
  b: Builder,
  grid: Value,
  h: number,
  w: number,
  attributes: Attributes,
): readonly Corner[] {
  const columns = neighbours(b, grid, 0, w, attributes)
  const rows = neighbours(b, grid, 1, h, attributes)
  return rows.flatMap((row) =>
    columns.map((column): Corner => {
      const corner = {
        index: b.op('Add', [b.op('Mul', [row.at, b.scalar(w, 'i64')]), column.at]),
        weight: () => b.mul(row.weight, column.weight),
      }
      const [down, across] = [row.slope, column.slope]
      return down && across
        ? { ...corner, slopes: () => [b.mul(row.weight, across), b.mul(down, column.weight)] }
        : corner
    }),
  )
}

/** The elements that the places read along axis k of the grid's coordinates, among `size`. */
function neighbours(
  b: Builder,
  grid: Value,
  k: number,
  size: number,
  attributes: Attributes,
): readonly Neighbour[] {
  const [n = 1, p = 1, q = 1] = grid.type.shape
  const { dtype } = grid.type
  const number = (v: number): Value => b.scalar(v, dtype)
  const aligned = flag(attributes, 'align_corners')
  const padding = string(attributes, 'padding_mode')
  const factor = aligned ? (size - 1) / 2 : size / 2
  const place = b.reshape(b.slice(grid, 3, k, k + 1), [n, p * q])
  let u = b.add(b.scale(place, factor), number(aligned ? factor : factor - 0.5))
  let slope = number(factor)
  if (padding === 'reflection') {
    const [low, span] = aligned ? [0, size - 1] : [-0.5, size]
    if (span === 0) {
      u = b.zerosLike(u)
      slope = number(0)
    } else {
      // rest = |u - low| mod 2 span, mirrored where it is above span
      const from = b.sub(u, number(low))
      const size2 = b.op('Abs', [from])
      const turns = b.op('Floor', [b.scale(size2, 1 / (2 * span))])
      const rest = b.sub(size2, b.scale(turns, 2 * span))
      const back = b.op('Greater', [rest, number(span)])
      u = b.add(b.where(back, b.sub(number(2 * span), rest), rest), number(low))
      slope = b.mul(b.mul(slope, b.op('Sign', [from])), b.where(back, number(-1), number(1)))
    }
  }
  if (padding !== 'zeros') {
    const within = b.op('And', [b.op('Greater', [u, number(0)]), b.op('Less', [u, number(size - 1)])])
    slope = b.where(within, slope, number(0))
    u = b.op('Clip', [u, number(0), number(size - 1)])
  }
  const neighbour = (at: Value, weight: Value, slopeOf?: Value): Neighbour => {
    const inside = b.op('And', [
      b.op('GreaterOrEqual', [at, number(0)]),
      b.op('LessOrEqual', [at, number(size - 1)]),
    ])
    const masked = (v: Value): Value => b.where(inside, v, number(0))
    const index = b.cast(b.op('Clip', [at, number(0), number(size - 1)]), 'i64')
    return { at: index, weight: masked(weight), ...(slopeOf ? { slope: masked(slopeOf) } : {}) }
  }
  if (string(attributes, 'mode') === 'nearest') return [neighbour(b.op('Round', [u]), number(1))]
  const low = b.op('Floor', [u])
  const share = b.sub(u, low)
  return [
    neighbour(low, b.sub(number(1), share), b.neg(slope)),
    neighbour(b.add(low, number(1)), share, slope),
  ]
}
