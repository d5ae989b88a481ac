import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from '../../src/runtime/onnxruntime.js'
import { afterAll, describe, expect, it } from 'vitest'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { toBfloat16, toFloat16 } from '../../src/compiler/9-emit/raw.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import { type Binding, link, rootFolderEntry } from '../../src/artefact/link.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph } from '../../src/graph/graph.js'
import { halfUnit } from '../rounding.js'
import { type DType, scalar, tensor } from '../../src/graph/types.js'

const folder = mkdtempSync(join(tmpdir(), 'dcrc-emit-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a model and gives its outputs as numbers. */
async function run(model: Uint8Array, feeds: Record<string, ort.Tensor>): Promise<Record<string, number[]>> {
  const session = await ort.InferenceSession.create(model, {
    ...onCpu.options,
    extra: { ...onCpu.options.extra, session: { [rootFolderEntry]: folder } },
  })
  const results = await session.run(feeds)
  await session.release()
  return Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, Array.from(t.data as ArrayLike<number>, Number)]),
  )
}

const matrix = (values: readonly number[]): ort.Tensor =>
  new ort.Tensor('float32', Float32Array.from(values), [2, 2])

describe('the emitted file', () => {
  it('means to onnxruntime what the graph says: operators of both domains, attributes of every kind', async () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [2, 2] })
    const product = b.op('FusedMatMul', [x, x], { transB: 1, alpha: 0.5 })
    const turned = b.op('Transpose', [product], { perm: [1, 0] })
    const smooth = b.op('Gelu', [turned], { approximate: 'tanh' })
    const graph = b.finish('g', [
      { name: 'product', value: product },
      { name: 'turned', value: turned },
      { name: 'whole', value: b.op('Cast', [product], { to: 'i64' }) },
      { name: 'smooth', value: smooth },
    ])
    const out = await run(emit(graph), { x: matrix([1, 2, 3, 5]) })
    expect(out['product']).toEqual([2.5, 6.5, 6.5, 17])
    expect(out['turned']).toEqual([2.5, 6.5, 6.5, 17])
    expect(out['whole']).toEqual([2, 6, 6, 17])
    // gelu(2.5), tanh form: 2.5 * (1 + tanh(0.79788456 * (2.5 + 0.044715 * 15.625))) / 2
    expect(out['smooth']?.[0]).toBeCloseTo(2.4851, 3)
  })

  it('holds constants of every element type', async () => {
    const values: Readonly<Record<DType, readonly number[]>> = {
      f32: [0.1, -2, 1e30],
      f64: [0.1, -2, 1e300],
      f16: [0.1, -2, 65504],
      bf16: [0.1, -2, 3.3e38],
      i64: [1, -2, 2 ** 52],
      i32: [1, -2, 2 ** 30],
      u8: [0, 1, 255],
      bool: [0, 1, 1],
    }
    const b = new Builder()
    const names = Object.keys(values) as DType[]
    const outputs = names.map((dtype) => {
      const constant = b.constant(tensor(dtype, [3], values[dtype]))
      return { name: dtype, value: b.op('Cast', [constant], { to: 'f64' }) }
    })
    const out = await run(emit(b.finish('constants', outputs)), {})
    for (const dtype of ['f64', 'i64', 'i32', 'u8', 'bool'] as const)
      expect(out[dtype]).toEqual(values[dtype])
    for (const dtype of ['f32', 'f16', 'bf16'] as const)
      out[dtype]?.forEach((v, i) =>
        expect(Math.abs(v / (values[dtype][i] ?? 1) - 1)).toBeLessThanOrEqual(halfUnit[dtype]),
      )
  })

  it('gives outputs that are inputs, constants or the same value twice', async () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [2, 2] })
    const y = b.add(x, b.scalar(1))
    const graph = b.finish('g', [
      { name: 'same', value: x },
      { name: 'seven', value: b.constant(scalar(7)) },
      { name: 'once', value: y },
      { name: 'again', value: y },
    ])
    const out = await run(emit(graph), { x: matrix([1, 2, 3, 4]) })
    expect(out).toEqual({ same: [1, 2, 3, 4], seven: [7], once: [2, 3, 4, 5], again: [2, 3, 4, 5] })
  })

  it('holds Loop bodies that read values around them and hand inputs through', async () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [2, 2] })
    const step = b.mul(x, b.scalar(2))
    const body = b.child()
    body.input('i', { dtype: 'i64', shape: [] })
    const go = body.input('go', { dtype: 'bool', shape: [] })
    const sum = body.input('sum', { dtype: 'f32', shape: [2, 2] })
    const kept = body.input('kept', { dtype: 'f32', shape: [2, 2] })
    const graph: Graph = body.finish('body', [
      { name: 'go', value: go },
      { name: 'sum', value: body.add(sum, step) },
      { name: 'kept', value: kept },
    ])
    const [total, last] = b.node('Loop', [b.constant(tensor('i64', [], [3])), null, x, step], { body: graph })
    if (!total || !last) throw new Error('a Loop gives its carried values')
    const model = emit(
      b.finish('loop', [
        { name: 'total', value: total },
        { name: 'last', value: last },
      ]),
    )
    const out = await run(model, { x: matrix([1, 2, 3, 4]) })
    expect(out).toEqual({ total: [7, 14, 21, 28], last: [2, 4, 6, 8] })
  })

  it('refuses operators that a phase should have replaced', () => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [2] })
    const graph = b.finish('g', [{ name: 'y', value: b.op('StopGradient', [x]) }])
    expect(() => emit(graph)).toThrow('StopGradient must be replaced before emission')
  })
})

describe('16-bit numbers', () => {
  // From numpy.float16(v).view(uint16).
  const halves = [
    [1, 0x3c00],
    [0.1, 0x2e66],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [5.96e-8, 1],
    [2.9e-8, 0],
    [3e-8, 1],
    [6.1e-5, 0x3ff],
    [-2.5, 0xc100],
    [1 / 3, 0x3555],
    [2047.5, 0x6800],
    [-0, 0x8000],
    [-Infinity, 0xfc00],
  ] as const
  it('are rounded to the nearest, ties to even, as NumPy does', () => {
    for (const [value, bits] of halves) expect(toFloat16(value).toString(16)).toBe(bits.toString(16))
  })

  it('of the brain format keep 8 bits, ties to even', () => {
    // 1 + 2^-8 lies between 1 and 1 + 2^-7; 1 + 3 * 2^-8 between 1 + 2^-7 and 1 + 2^-6.
    expect(toBfloat16(1)).toBe(0x3f80)
    expect(toBfloat16(1 + 2 ** -8)).toBe(0x3f80)
    expect(toBfloat16(1 + 3 * 2 ** -8)).toBe(0x3f82)
    expect(toBfloat16(-2)).toBe(0xc000)
    expect(toBfloat16(NaN)).toBe(0x7fc0)
  })
})

describe('linking', () => {
  const withParameter = (): Uint8Array => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [2, 2] })
    const p = b.parameter('m', 'layer.weight', { dtype: 'f32', shape: [2, 2] })
    return emit(b.finish('g', [{ name: 'y', value: b.add(x, p) }]))
  }
  const binding: Binding = { location: 'weights.bin', offset: 3, length: 16, dtype: 'f32' }
  const bound = (b: Binding): Uint8Array => link(withParameter(), new Map([['m/layer.weight', b]]))

  it('makes the model read a parameter where it lies in a file, at any offset', async () => {
    const bytes = new Uint8Array([9, 9, 9, ...new Uint8Array(Float32Array.of(10, 20, 30, 40).buffer), 9])
    writeFileSync(join(folder, 'weights.bin'), bytes)
    const out = await run(bound(binding), { x: matrix([1, 2, 3, 4]) })
    expect(out['y']).toEqual([11, 22, 33, 44])
  })

  it('refuses a missing file, another length and another element type', () => {
    expect(() => link(withParameter(), new Map())).toThrow('no file for parameter m/layer.weight')
    expect(() => bound({ ...binding, length: 12 })).toThrow('its file has 12')
    expect(() => bound({ ...binding, dtype: 'i32' })).toThrow('of i32')
  })
})
