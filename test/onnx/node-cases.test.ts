import onnxProto from 'onnx-proto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type DType, type Tensor, isFloat } from '../../src/graph/types.js'
import { type OnnxModel, readModel, translate } from '../../src/onnx/index.js'
import { isSupported } from '../../src/onnx/supported.js'
import { fileTensor, tensorValues } from '../../src/onnx/tensor.js'
import { relativeError } from '../ops/differences.js'
import { runOnOnnxruntime } from '../ops/onnxruntime.js'

/** A line of what test/oracle/onnx_node_cases.py writes; tensors and models are protobufs in base64. */
interface NodeCase {
  readonly name: string
  readonly operator: string
  readonly model: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** The committed cases, or all of them from a file that the script wrote. */
const written = process.env['DCRC_NODE_CASES']
const cases = (written === undefined ? text('node-cases.jsonl') : readFileSync(written, 'utf8'))
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as NodeCase)
  .filter(({ operator }) => isSupported({ op: operator, domain: '' }))

/** Cases that do not pass, `name: reason` a line. */
const excluded = new Map(
  text('node-cases-excluded.txt')
    .split('\n')
    .flatMap((line) => {
      const at = line.indexOf(': ')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 2)] as const]
    }),
)

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))

/**
 * Import reads opsets 13 to 23. Cases carry the opset in which their operator last changed; for ours, those before and
 * after differ in the element types that they allow.
 */
function stamped(base64: string): Uint8Array {
  const model = onnxProto.onnx.ModelProto.decode(bytes(base64))
  const [opset] = model.opsetImport
  if (opset) opset.version = Math.min(Math.max(Number(opset.version), 13), 23)
  return new Uint8Array(onnxProto.onnx.ModelProto.encode(model).finish())
}

const noExternal = (): never => {
  throw new Error('nothing is external')
}

function read(base64: string): Tensor {
  const file = bytes(base64)
  return tensorValues(fileTensor(onnxProto.onnx.TensorProto.decode(file), file, 'a tensor'), noExternal)
}

/**
 * Which inputs are fed; the others are constants. Floats and bools where that is possible, else a first input alone
 * (scales and bounds are floats too), else none: what follows from shapes is known at once.
 */
const feeding: readonly ((t: Tensor, k: number) => boolean)[] = [
  (t, k) => k === 0 || isFloat(t.dtype) || t.dtype === 'bool',
  (_, k) => k === 0,
  () => false,
]

/** The model as a graph of ours, with what to feed. */
function graphOf(model: OnnxModel, inputs: readonly Tensor[], isFed: (t: Tensor, k: number) => boolean) {
  const b = new Builder()
  const fed = new Map<Value, Tensor>()
  const values = inputs.map((t, k) => {
    if (!isFed(t, k)) return b.constant(t)
    const value = b.input(`x${k}`, { dtype: crossing(t.dtype), shape: t.shape })
    fed.set(value, { ...t, dtype: crossing(t.dtype) })
    return b.cast(value, t.dtype)
  })
  const results = translate(model, b, values, () => noExternal())
  const shown = results.map((value, i) => ({
    name: `y${i}`,
    value: b.cast(value, crossing(value.type.dtype)),
  }))
  return { graph: b.finish('case', shown), fed, types: results.map((v) => v.type) }
}

/** The 16-bit floats do not cross onnxruntime's boundary; their numbers do, as float32. */
const crossing = (dtype: DType): DType => (dtype === 'f16' || dtype === 'bf16' ? 'f32' : dtype)

function built(model: OnnxModel, inputs: readonly Tensor[]): ReturnType<typeof graphOf> {
  let problem: unknown
  for (const isFed of feeding) {
    try {
      return graphOf(model, inputs, isFed)
    } catch (error) {
      problem = error
    }
  }
  throw problem
}

/** float16 keeps 11 bits. The expected values were computed in the type of the case. */
const toleranceOf = (expected: Tensor): number =>
  expected.dtype === 'f16' || expected.dtype === 'bf16' ? 4e-3 : 1e-5

function expectClose(actual: readonly Tensor[], expected: readonly Tensor[], what: string): void {
  expect(actual.length, what).toBe(expected.length)
  for (const [i, wanted] of expected.entries()) {
    expect(actual[i]?.shape, what).toEqual(wanted.shape)
    const both = (data: ArrayLike<number>): number[] => Array.from(data, (v) => (Number.isNaN(v) ? 1e30 : v))
    const error = relativeError(both(actual[i]?.data ?? []), both(wanted.data))
    expect(error, what).toBeLessThan(toleranceOf(wanted))
  }
}

async function check(c: NodeCase): Promise<void> {
  const model = readModel(stamped(c.model))
  const inputs = c.inputs.map(read)
  const expected = c.outputs.map(read)
  const { graph, fed, types } = built(model, inputs)
  expect(types).toEqual(expected.map(({ dtype, shape }) => ({ dtype, shape })))
  expectClose(
    interpret(graph, (v) => fed.get(v) ?? noExternal()),
    expected,
    'the float64 value',
  )
  expectClose(await runOnOnnxruntime(graph, fed), expected, 'onnxruntime')
}

describe('official ONNX cases: read, valued in float64 and emitted again for onnxruntime', () => {
  for (const c of cases) {
    test(`${c.operator} ${c.name}`, async () => {
      if (!excluded.has(c.name)) return check(c)
      // an excluded case that passes is excluded no longer
      await expect(check(c)).rejects.toThrow()
    })
  }
})
