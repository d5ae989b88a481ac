import { emit } from '../../src/compiler/9-emit/onnx.js'
import { Builder } from '../../src/graph/builder.js'
import { type Value, producer } from '../../src/graph/graph.js'
import type { DType } from '../../src/graph/types.js'
import { TypeMismatch } from '../../src/ops/operator.js'
import { operators } from '../../src/ops/registry.js'
import { SampleRandom } from '../../src/ops/sample.js'
import * as ort from '../../src/runtime/onnxruntime.js'
import type { Target } from '../../src/targets/target.js'

/*
 * What onnxruntime says of a target's kernels: of an operator in each element type a graph with that one node is asked
 * for a session. Types that the operator's rule refuses are in no graph and need no kernel.
 */

const types: readonly DType[] = ['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool']

async function runs(b: Builder, outputs: readonly Value[], target: Target): Promise<boolean> {
  // bf16 cannot cross a graph's boundary
  const plain = outputs.map((v) => (v.type.dtype === 'bf16' ? b.cast(v, 'f32') : v))
  const graph = b.finish(
    'one',
    plain.map((value, k) => ({ name: `y${k}`, value })),
  )
  const { opset } = target.schedule(graph)
  const { session } = target
  try {
    const made = await ort.InferenceSession.create(emit(graph, opset === undefined ? {} : { opset }), {
      ...session.options,
      executionProviders: [session.provider],
      extra: { ...session.options.extra, session: session.entries({ inputs: [], parameters: [] }) },
    })
    await made.release()
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

/** The operators that a graph may hold when it is emitted, but for those with graphs inside. */
export const written = operators.filter(
  ({ domain, name }) => (domain !== 'dcrc' || name === 'DropoutMask') && name !== 'Loop',
)

/** The types in which onnxruntime runs an operator, in all ways that the target does not say it cannot. */
export async function typesOf(op: (typeof operators)[number], target: Target): Promise<readonly DType[]> {
  const kernel = target.kernels[op.name]
  const operand = kernel?.operand ?? 0
  const found: DType[] = []
  for (const type of types) {
    const asked: boolean[] = []
    for (const [b, outputs] of callsIn(op, type)) {
      const node = outputs[0] && producer(outputs[0])
      if (node?.inputs[operand]?.type.dtype === type && kernel?.refuses?.of(node) !== true)
        asked.push(await runs(b, outputs, target))
    }
    if (asked.length > 0 && asked.every(Boolean)) found.push(type)
  }
  return found
}

/** The casts, from one type to another, that onnxruntime does not run. */
export async function refusedCasts(target: Target): Promise<readonly string[]> {
  const refused: string[] = []
  for (const from of types)
    for (const to of types) {
      const b = new Builder()
      if (!(await runs(b, [b.cast(fed(b, 'x', from, [2]), to)], target))) refused.push(`${from} to ${to}`)
    }
  return refused
}

/** Operators in ways that the target says it cannot run them, and onnxruntime can. */
export async function refusedForNothing(target: Target): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const op of written) {
    const refuses = target.kernels[op.name]?.refuses
    if (!refuses) continue
    for (const [b, outputs] of callsIn(op, 'f32')) {
      const node = outputs[0] && producer(outputs[0])
      if (node && refuses.of(node) && (await runs(b, outputs, target))) wrong.push(op.name)
    }
  }
  return wrong
}
