import onnxProto from 'onnx-proto'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type DType, type Tensor, type TensorType, isFloat } from '../../src/graph/types.js'
import { OnnxProblem, type OnnxModel, checkSupported, readModel, translate } from '../../src/onnx/index.js'
import { fileTensor, tensorValues } from '../../src/onnx/tensor.js'
import { computeInF32 } from '../../src/compiler/passes/compute-in-f32.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { runOnOnnxruntime } from '../ops/onnxruntime.js'

/** A line of what test/oracle/onnx_node_cases.py writes; tensors and models are protobufs in base64, or no tensors. */
export interface NodeCase {
  readonly name: string
  readonly operator: string
  readonly model: string
  readonly inputs: readonly (string | null)[]
  readonly outputs: readonly (string | null)[]
  /** How far results may lie from the expected ones: relative to these, and absolute. */
  readonly rtol: number
  readonly atol: number
}

export type Outcome =
  | { readonly kind: 'right' }
  /** Told to the user: not read, and why. */
  | { readonly kind: 'refused'; readonly why: string }
  /** A fault of ours. */
  | { readonly kind: 'wrong'; readonly why: string }

export const parseCases = (lines: string): readonly NodeCase[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as NodeCase)

/** Reads a case's model as it is shipped, values it in float64 and runs what is emitted for it on onnxruntime. */
export async function runCase(c: NodeCase): Promise<Outcome> {
  try {
    const model = readModel(bytes(c.model), { check: checkSupported })
    const inputs = c.inputs.map(read)
    const expected = c.outputs.map(read)
    const { graph, fed, types } = built(model, inputs)
    const why =
      differentTypes(types, expected) ??
      different(
        interpret(graph, (v) => fed.get(v) ?? noExternal()),
        expected,
        c,
        'the float64 value',
      ) ??
      different(await runOnOnnxruntime(runnable(graph), fed), expected, c, 'onnxruntime')
    return why === undefined ? { kind: 'right' } : { kind: 'wrong', why }
  } catch (error) {
    if (error instanceof OnnxProblem) return { kind: 'refused', why: error.message }
    return { kind: 'wrong', why: error instanceof Error ? error.message : String(error) }
  }
}

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))

const noExternal = (): never => {
  throw new Error('nothing is external')
}

function read(base64: string | null): Tensor {
  if (base64 === null) throw new OnnxProblem('unsupported', ['a value that is no tensor of numbers'])
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

interface Built {
  readonly graph: Graph
  readonly fed: ReadonlyMap<Value, Tensor>
  readonly types: readonly TensorType[]
}

/** The model as a graph of ours, with what to feed. */
function graphOf(
  model: OnnxModel,
  inputs: readonly Tensor[],
  isFed: (t: Tensor, k: number) => boolean,
): Built {
  const b = new Builder()
  const fed = new Map<Value, Tensor>()
  const values = inputs.map((t, k) => {
    if (!isFed(t, k)) return b.constant(t)
    const value = b.input(`x${k}`, { dtype: crossing(t.dtype), shape: t.shape })
    fed.set(value, { ...t, dtype: crossing(t.dtype) })
    return b.cast(value, t.dtype)
  })
  const parameters = new Map(model.parameters.map((p) => [p.name, tensorValues(p, noExternal)]))
  const results = translate(model, b, values, (name) => b.constant(parameters.get(name) ?? noExternal()))
  const shown = results.map((value, i) => ({
    name: `y${i}`,
    value: b.cast(value, crossing(value.type.dtype)),
  }))
  return { graph: b.finish('case', shown), fed, types: results.map((v) => v.type) }
}

/** The 16-bit floats do not cross onnxruntime's boundary; their numbers do, as float32. */
const crossing = (dtype: DType): DType => (dtype === 'f16' || dtype === 'bf16' ? 'f32' : dtype)

/** The model as a graph of ours, with as many of its inputs fed as it can be read with. */
export function built(model: OnnxModel, inputs: readonly Tensor[]): Built {
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

const shown = ({ dtype, shape }: TensorType): string => `${dtype}[${shape.join(', ')}]`

function differentTypes(types: readonly TensorType[], expected: readonly Tensor[]): string | undefined {
  const [own, wanted] = [types.map(shown).join(', '), expected.map(shown).join(', ')]
  return own === wanted ? undefined : `gives ${own}, not ${wanted}`
}

/** What the processor has no kernel for is computed in f32, as in a pipeline. */
export const runnable = (graph: Graph): Graph => computeInF32(() => cpu.kernels).run(graph, {}).graph

/** A unit in the last place of a type, relative; that of doubles is not asked for: files and onnxruntime mix types. */
const unit: Readonly<Record<DType, number>> = {
  f32: 2 ** -23,
  f64: 2 ** -23,
  f16: 2 ** -10,
  bf16: 2 ** -7,
  i64: 0,
  i32: 0,
  u8: 0,
  bool: 0,
}

/** As the case's own tolerance has it, and eight units of the largest value: the expected ones have roundings too. */
function different(
  actual: readonly Tensor[],
  expected: readonly Tensor[],
  { rtol, atol }: NodeCase,
  what: string,
): string | undefined {
  for (const [i, wanted] of expected.entries()) {
    const own = actual[i]
    if (own?.shape.join() !== wanted.shape.join())
      return `${what} has the shape [${own?.shape.join(', ')}], not [${wanted.shape.join(', ')}]`
    const finite = Array.from(wanted.data, Math.abs).filter((v) => v < Infinity)
    const floor = 8 * unit[wanted.dtype] * finite.reduce((a, v) => Math.max(a, v), 0)
    const exact = !isFloat(wanted.dtype)
    for (const [k, y] of wanted.data.entries()) {
      const x = own.data[k] ?? NaN
      if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue
      const allowed = exact ? 0 : atol + rtol * Math.abs(y) + floor
      if (!(Math.abs(x - y) <= allowed)) return `${what} has ${x} where ${y} is expected`
    }
  }
  return undefined
}
