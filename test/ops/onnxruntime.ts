import * as ort from '../../src/runtime/onnxruntime.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { type Tensor, type TensorType, tensor } from '../../src/graph/types.js'
import { lookup } from './calls.js'

/** Runs a graph on onnxruntime's CPU with its own optimiser off; one session, so put many calls into one graph. */
export async function runOnOnnxruntime(
  graph: Graph,
  values: ReadonlyMap<Value, Tensor>,
): Promise<readonly Tensor[]> {
  const session = await ort.InferenceSession.create(emit(graph), { ...onCpu.options, intraOpNumThreads: 1 })
  const feeds = Object.fromEntries(
    graph.inputs.map((v) => [v.source.kind === 'input' ? v.source.name : '', toOrt(lookup(values, v))]),
  )
  const results = await session.run(feeds)
  await session.release()
  return graph.outputs.map(({ name, value }) => fromOrt(results[name], value.type))
}

export function toOrt(t: Tensor): ort.Tensor {
  if (t.dtype === 'f64') return new ort.Tensor('float64', t.data, t.shape)
  if (t.dtype === 'f32') return new ort.Tensor('float32', Float32Array.from(t.data), t.shape)
  if (t.dtype === 'i64') return new ort.Tensor('int64', BigInt64Array.from(t.data, BigInt), t.shape)
  if (t.dtype === 'i32') return new ort.Tensor('int32', Int32Array.from(t.data), t.shape)
  if (t.dtype === 'u8') return new ort.Tensor('uint8', Uint8Array.from(t.data), t.shape)
  if (t.dtype === 'bool') return new ort.Tensor('bool', Uint8Array.from(t.data), t.shape)
  throw new Error(`no feed of type ${t.dtype}`)
}

function fromOrt(t: ort.Tensor | undefined, type: TensorType): Tensor {
  if (!t) throw new Error('onnxruntime gives no such output')
  return tensor(type.dtype, t.dims, Float64Array.from(t.data as ArrayLike<number>, Number))
}
