import { describe, expect, test } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { evaluateNode } from '../../src/graph/interpret.js'
import { type Node, type Value, producer } from '../../src/graph/graph.js'
import { type Tensor, elementCount, isFloat, tensor } from '../../src/graph/types.js'
import type { Operator, RowAxis, Sample } from '../../src/ops/operator.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { operators } from '../../src/ops/registry.js'

/** Integer inputs that may differ from row to row; the others are shapes and axes. */
const indexInput: Readonly<Record<string, number>> = {
  Gather: 1,
  GatherElements: 1,
  GatherND: 1,
  ScatterElements: 1,
  ScatterND: 1,
}

interface Assignment {
  readonly count: number
  readonly rows: readonly RowAxis[]
}

/** Axes that hold a whole number of elements per row. */
const axesOf = (t: Tensor, count: number): number[] =>
  t.shape.flatMap((d, axis) => (d % count === 0 ? [axis] : []))

/** A random number of rows and an axis for some of the inputs that can have one. */
function assign(random: SampleRandom, operator: Operator, sample: Sample): Assignment | undefined {
  const varies = (t: Tensor | null, k: number): t is Tensor =>
    t !== null &&
    t.shape.length > 0 &&
    (isFloat(t.dtype) || t.dtype === 'bool' || indexInput[operator.name] === k)
  const candidates = sample.inputs.flatMap((t, k) => (varies(t, k) ? t.shape.filter((d) => d > 1) : []))
  if (candidates.length === 0) return undefined
  const size = random.pick(candidates)
  const count = random.pick([size, size, size, ...[2, 3].filter((n) => size % n === 0)])
  const rows = sample.inputs.map((t, k): RowAxis => {
    const axes = varies(t, k) ? axesOf(t, count) : []
    return axes.length === 0 || random.bool(0.3) ? null : random.pick(axes)
  })
  return rows.every((row) => row === null) ? undefined : { count, rows }
}

/** The tensor whose row i is row `from[i]` of t, or of `other` where `from[i]` is null. */
function rearranged(t: Tensor, axis: number, from: readonly (number | null)[], other: Tensor): Tensor {
  const run = ((t.shape[axis] ?? 0) / from.length) * elementCount(t.shape.slice(axis + 1))
  const data = t.data.map((_, i) => {
    const row = Math.floor(i / run) % from.length
    const source = from[row] ?? null
    return (source === null ? other.data[i] : t.data[i + (source - row) * run]) ?? Number.NaN
  })
  return tensor(t.dtype, t.shape, data)
}

/** A tensor of other numbers that are legal in the same place: floats move, bools flip, indices go to an end. */
function changed(random: SampleRandom, t: Tensor): Tensor {
  if (isFloat(t.dtype))
    return tensor(
      t.dtype,
      t.shape,
      t.data.map((v) => v * (1.05 + 0.4 * random.uniform())),
    )
  if (t.dtype === 'bool')
    return tensor(
      t.dtype,
      t.shape,
      t.data.map((v) => 1 - v),
    )
  return tensor(
    t.dtype,
    t.shape,
    t.data.map((v) => (v < 0 ? -1 : 0)),
  )
}

const same = (a: Tensor, b: Tensor): boolean =>
  a.data.every(
    (v, i) => v === b.data[i] || Math.abs(v - (b.data[i] ?? Number.NaN)) <= 1e-12 * Math.max(1, Math.abs(v)),
  )

/** Whether changing row by row, and exchanging rows, does to every output only what the axis says. */
function holds(
  node: Node,
  sample: Sample,
  { count, rows }: Assignment,
  claimed: RowAxis,
  output: number,
  random: SampleRandom,
): boolean {
  const run = (inputs: readonly (Tensor | null)[]): Tensor => {
    const values = new Map(node.inputs.map((v, k) => [v, inputs[k]]))
    const result = evaluateNode(node, (v) => values.get(v) ?? tensor('f32', [0], []))[output]
    if (!result) throw new Error('no output')
    return result
  }
  const rowwise = (from: readonly (number | null)[]): Tensor =>
    run(
      sample.inputs.map((t, k) => {
        const axis = rows[k] ?? null
        return t && axis !== null ? rearranged(t, axis, from, others[k] ?? t) : t
      }),
    )
  const others = sample.inputs.map((t) => (t ? changed(random, t) : null))
  const identity = Array.from({ length: count }, (_, i) => i)
  const before = rowwise(identity)
  if (claimed !== null && (before.shape[claimed] ?? 0) % count !== 0) return false
  const fits = (after: Tensor, from: readonly (number | null)[]): boolean =>
    same(after, claimed === null ? before : rearranged(before, claimed, from, after))
  const alone = identity.map((row) => identity.map((i) => (i === row ? null : i)))
  const rotated = identity.map((row) => (row + 1) % count)
  return [...alone, rotated, random.permutation(count)].every((from) => fits(rowwise(from), from))
}

/** Operators whose discrete values may stay apart by the chance of a sample. */
const byChance =
  'Equal Less LessOrEqual Greater GreaterOrEqual And Or Not Where Max Min ArgMax ArgMin TopK Gather GatherElements GatherND ScatterElements ScatterND Mod'.split(
    ' ',
  )

const describeAttributes = ({ attributes }: Sample): string =>
  JSON.stringify(attributes, (key, value: unknown) => (key === 'body' ? 'body' : value))

describe('axis dependence: a row changes only its own row, and rows change places together', () => {
  for (const operator of operators) {
    if (operator.name === 'Gradient') continue
    test(operator.name, () => {
      for (let seed = 0; seed < 150; seed++) {
        const random = new SampleRandom(seed)
        const sample = operator.sample(random)
        const assignment = assign(random, operator, sample)
        if (!assignment) continue
        const b = new Builder()
        const values: Value[] = []
        const inputs = sample.inputs.map((t) => {
          const value = t && b.constant(t)
          if (value) values.push(value)
          return value
        })
        const outputs = b.node(operator.name, inputs, sample.attributes)
        const [first] = outputs
        const node = first && producer(first)
        if (!node) throw new Error('no node')
        const { rows, count } = assignment
        const claims = operator.rows(
          rows,
          node.inputs,
          outputs.map((v) => v.type),
          node.attributes,
          count,
        )
        expect(claims.length).toBe(outputs.length)
        for (const [k, claim] of claims.entries()) {
          const what = `${operator.name} seed ${seed}: ${JSON.stringify(sample.inputs.map((t) => t?.shape))} ${describeAttributes(sample)} rows ${JSON.stringify(rows)} count ${count} -> ${claim}`
          if (claim !== 'coupled') {
            expect(holds(node, sample, assignment, claim, k, random), what).toBe(true)
            continue
          }
          // Exactness matters where activations flow: rows in the first input, all else the same for every row.
          if (byChance.includes(operator.name) || rows.some((row, input) => (row === null) === (input === 0)))
            continue
          const axes = outputs[k]?.type.shape.map((_, axis) => axis) ?? []
          const apart = axes.filter((axis) =>
            [1, 2, 3].every(() => holds(node, sample, assignment, axis, k, random)),
          )
          expect(apart, `${what}: rows stay apart`).toEqual([])
        }
      }
    })
  }
})
