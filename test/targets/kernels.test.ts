import { describe, expect, it } from 'vitest'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { Builder } from '../../src/graph/builder.js'
import { type Value, producer } from '../../src/graph/graph.js'
import type { DType } from '../../src/graph/types.js'
import { TypeMismatch } from '../../src/ops/operator.js'
import { operators } from '../../src/ops/registry.js'
import { SampleRandom } from '../../src/ops/sample.js'
import * as ort from '../../src/runtime/onnxruntime.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { missingKernels } from '../../src/targets/kernels.js'
import { targets } from '../../src/targets/registry.js'
import { sessions } from '../../src/targets/sessions.js'

/*
 * Aim: the table of kernels says what onnxruntime says: of every operator in every element type a graph with that one
 * node is asked for a session. Types that an operator's rule refuses are in no graph and need no kernel.
 */

const types: readonly DType[] = ['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool']

async function runs(b: Builder, outputs: readonly Value[]): Promise<boolean> {
  // bf16 cannot cross a graph's boundary
  const plain = outputs.map((v) => (v.type.dtype === 'bf16' ? b.cast(v, 'f32') : v))
  const graph = b.finish(
    'one',
    plain.map((value, k) => ({ name: `y${k}`, value })),
  )
  try {
    const session = await ort.InferenceSession.create(emit(graph), cpu.session.options)
    await session.release()
    return true
  } catch {
    return false
  }
}

function fed(b: Builder, name: string, dtype: DType, shape: readonly number[]): Value {
  return dtype === 'bf16'
    ? b.cast(b.input(name, { dtype: 'f32', shape }), dtype)
    : b.input(name, { dtype, shape })
}

/** Calls like an operator's samples, with floats of one type in the place of f32; none where its rule refuses it. */
function callsIn(op: (typeof operators)[number], type: DType): readonly [Builder, readonly Value[]][] {
  const samples = Array.from({ length: 25 }, (_, seed) => op.sample(new SampleRandom(seed)))
  const floats = samples.filter(({ inputs }) => inputs.some((t) => t?.dtype === 'f32')).slice(0, 3)
  const own = samples.filter(({ inputs: [first] }) => first?.dtype === type).slice(0, 1)
  return [...floats, ...own].flatMap(({ inputs, attributes }): [Builder, readonly Value[]][] => {
    const b = new Builder()
    const values = inputs.map((t, k) => {
      if (!t) return null
      if (t.dtype === 'f32') return fed(b, `x${k}`, type, t.shape)
      return t.dtype === 'bool' || k === 0 ? fed(b, `x${k}`, t.dtype, t.shape) : b.constant(t)
    })
    try {
      return [[b, b.node(op.name, values, attributes)]]
    } catch (error) {
      if (error instanceof TypeMismatch) return []
      throw error
    }
  })
}

describe('the kernels of the processor', () => {
  const written = operators.filter(({ domain, name }) => domain !== 'dcrc' || name === 'DropoutMask')
  it.each(written.filter(({ name }) => name !== 'Loop').map((op) => [op.name, op] as const))(
    '%s',
    async (name, op) => {
      const found: DType[] = []
      for (const type of name === 'Cast' ? [] : types) {
        const asked: boolean[] = []
        for (const [b, outputs] of callsIn(op, type)) {
          const node = outputs[0] && producer(outputs[0])
          if (node?.inputs[cpu.kernels[name]?.operand ?? 0]?.type.dtype === type)
            asked.push(await runs(b, outputs))
        }
        if (asked.length > 0 && asked.every(Boolean)) found.push(type)
      }
      if (name !== 'Cast') expect(found.toSorted()).toEqual([...(cpu.kernels[name]?.types ?? [])].toSorted())
    },
  )

  it('cast between all types', async () => {
    for (const from of types) {
      for (const to of types) {
        const b = new Builder()
        const y = b.cast(fed(b, 'x', from, [2]), to)
        expect(await runs(b, [y]), `${from} to ${to}`).toBe(true)
        expect(missingKernels(b.finish('one', [{ name: 'y', value: y }]), cpu.kernels)).toEqual([])
      }
    }
  })

  it('are of operators that there are', () => {
    const names = new Set(operators.map(({ name }) => name))
    expect(Object.keys(cpu.kernels).filter((name) => !names.has(name))).toEqual([])
  })
})

it('every target has its sessions, and the runner no others', () => {
  expect(Object.entries(sessions)).toEqual(targets.map(({ name, session }) => [name, session]))
})
