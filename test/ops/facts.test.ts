import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { elementCount, sameShape } from '../../src/graph/types.js'
import type { Tensor } from '../../src/graph/types.js'
import type { Operator, Sample } from '../../src/ops/operator.js'
import { composites, operators } from '../../src/ops/registry.js'
import { expandData, tryBroadcast } from '../../src/ops/_broadcast.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { listedOperators } from './listed-operators.js'

const names = new Set([...operators, ...composites].map(({ name }) => name))

test('no file outside of src/ops lists operators', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !/^(ops|targets|onnx\/rewrites)\/|\.generated\.ts$/.test(path),
  )
  expect(files.length).toBeGreaterThan(300)
  const lists = files.flatMap((path) =>
    listedOperators(readFileSync(`src/${path}`, 'utf8'), names).map((list) => `src/${path}: ${list}`),
  )
  expect(lists).toEqual([])
})

describe('a list of operators is found', () => {
  it.each([
    ["new Set(['Add', 'Mul'])"],
    ["'Add Mul'.split(' ')"],
    ["if (node.op === 'Add' || node.op === 'Mul') return"],
    ["switch (op) {\n  case 'Add':\n    return 1\n  case 'Mul':\n    return 2\n}"],
    ['const sizes = {\n  Add: 1,\n  Mul: 2,\n}'],
  ])('%s', (text) => expect(listedOperators(text, names)).not.toEqual([]))

  it.each([
    ["b.op('Add', [b.op('Mul', [x, y]), z])"],
    ["// 'Add', 'Mul'\nnode.op === 'Add'"],
    ['const rules = {\n  Add: addition,\n  Mul({ b }) {\n  },\n}'],
  ])('but not in %s', (text) => expect(listedOperators(text, names)).toEqual([]))
})

/** What files hold, without bodies: the others stand for something until a later phase. */
const own = operators.filter(({ domain, name }) => domain !== 'dcrc' && name !== 'Loop')

/** Whether something holds in all samples of an operator that it applies to, where those are enough to tell. */
function always(op: Operator, holds: (sample: Sample) => boolean | undefined): boolean {
  const found = Array.from({ length: 40 }, (_, seed) => holds(op.sample(new SampleRandom(seed))))
  const applying = found.filter((b) => b !== undefined)
  return applying.length >= 3 && applying.every(Boolean)
}

const attributesOf = (op: Operator, { attributes }: Sample) => ({ ...op.attributes, ...attributes })

const same = (a: Tensor | undefined, b: Tensor | undefined): boolean =>
  a !== undefined &&
  b?.dtype === a.dtype &&
  sameShape(a.shape, b.shape) &&
  a.data.every((v, i) => Object.is(v, b.data[i]) || Math.abs(v - (b.data[i] ?? NaN)) < 1e-12)

/** The elements in another order: i, i + 1, ... from the place `by` on. */
const turned = (t: Tensor, by: number): Tensor => ({
  ...t,
  data: t.data.map((_, i) => t.data[(i + by) % t.data.length] ?? NaN),
})

describe.each(own.map((op) => [op.name, op] as const))('%s', (_, op) => {
  it('says whether each element of its result follows from one of each operand', () => {
    const separate = always(op, (sample) => {
      const attributes = attributesOf(op, sample)
      const [y, ...others] = op.value(sample.inputs, attributes)
      const full = (t: Tensor | null): boolean => t !== null && y !== undefined && sameShape(t.shape, y.shape)
      const shape = tryBroadcast(sample.inputs.map((t) => t?.shape ?? []))
      if (!y || others.length > 0 || !shape || !sameShape(shape, y.shape)) return false
      if (elementCount(y.shape) < 3 || !sample.inputs.some(full)) return undefined
      if (!sample.inputs.every((t) => t === null || t.shape.length === 0 || full(t))) return undefined
      return [1, 2].every((by) => {
        const inputs = sample.inputs.map((t) => (t && full(t) ? turned(t, by) : t))
        return same(turned(y, by), op.value(inputs, attributes)[0])
      })
    })
    expect(op.broadcasts === 0).toBe(separate)
  })

  it('says whether its operands may change places', () => {
    const swaps = always(op, (sample) => {
      const attributes = attributesOf(op, sample)
      const [x, y] = sample.inputs
      if (sample.inputs.length !== 2 || !x || !y || op.broadcasts !== 0) return undefined
      return same(op.value([x, y], attributes)[0], op.value([y, x], attributes)[0])
    })
    expect(op.commutative ?? false).toBe(swaps)
  })

  it('says what it takes of equal elements', () => {
    const takes = (what: (v: number, count: number) => number): boolean =>
      always(op, (sample) => {
        const [x] = sample.inputs
        if (!x || x.shape.length === 0 || !('keepdims' in sample.attributes)) return undefined
        const equal = { ...x, data: x.data.map(() => 0.75) }
        const [y] = op.value([equal, ...sample.inputs.slice(1)], attributesOf(op, sample))
        const count = elementCount(x.shape) / elementCount(y?.shape ?? [])
        return count === 1
          ? undefined
          : y?.dtype === x.dtype && y.data.every((v) => Math.abs(v - what(0.75, count)) < 1e-12)
      })
    const [sums, keeps] = [takes((v, count) => v * count), takes((v) => v)]
    expect({ sums, keeps }).toEqual({
      sums: op.reduces === 'sum',
      keeps: op.reduces === 'mean' || op.reduces === 'one',
    })
  })

  it('says whether its result is the memory of its first operand', () => {
    const views = always(op, (sample) => {
      const [x, y] = [sample.inputs[0], op.value(sample.inputs, attributesOf(op, sample))[0]]
      if (!x || !y || x.data.length < 3) return undefined
      return x.dtype === y.dtype && x.data.length === y.data.length && x.data.every((v, i) => v === y.data[i])
    })
    expect(op.memory?.view ?? false).toBe(views)
  })

  it('says which operand holds the shape of its result', () => {
    const holds = (k: number): boolean =>
      always(op, (sample) => {
        const [y] = op.value(sample.inputs, attributesOf(op, sample))
        const shape = sample.inputs[k]
        if (!shape || !y || k === 0) return undefined
        const [only] = shape.data
        return (
          shape.dtype === 'i64' &&
          shape.data.length === y.shape.length &&
          y.shape.every(
            (d, axis) => d === shape.data[axis] || (only !== undefined && shape.data[axis] === -1),
          )
        )
      })
    const found = [1, 2, 3].filter(holds)
    expect(found).toEqual(op.shapeOperand === undefined ? [] : [op.shapeOperand])
  })
})

test('stacks of matrices broadcast where an operator says so', () => {
  for (const op of own.filter(({ broadcasts }) => broadcasts === 2)) {
    const holds = always(op, (sample) => {
      const [x, y] = sample.inputs
      if (!x || !y || x.shape.length < y.shape.length) return undefined
      const attributes = attributesOf(op, sample)
      const shape = [2, ...x.shape]
      const [wide] = op.value([{ ...x, shape, data: expandData(x, shape) }, y], attributes)
      const [z] = op.value([x, y], attributes)
      return (
        z !== undefined && same(wide, { ...z, shape: [2, ...z.shape], data: expandData(z, [2, ...z.shape]) })
      )
    })
    expect(holds, op.name).toBe(true)
  }
})
