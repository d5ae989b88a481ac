import type { onnx as Onnx } from 'onnx-proto'
import { int64 } from './numbers.js'
import { standIn } from '../stand-in.js'
import { OnnxProblem, damaged, unsupported } from './problem.js'
import { readModel } from './protobuf.js'

/** Versions of ai.onnx whose operators are taken. */
export const opsets = { least: 7, most: 28 } as const
const newestIr = 14

/** Decodes the bytes of an ONNX file and checks its versions. The tensors' raw bytes are views of the given ones. */
export function decodeModel(bytes: Uint8Array): { readonly graph: Onnx.IGraphProto; readonly opset: number } {
  const other = standIn(bytes)
  if (other) throw new OnnxProblem('damaged', [other.what], other.help)
  const model = decode(bytes)
  const ir = int64(model.irVersion)
  if (ir < 3) return damaged(ir === 0 ? 'it has no IR version' : `it has the IR version ${ir}`)
  if (ir > newestIr) return unsupported(`its IR version is ${ir}; up to ${newestIr} is read`)
  const { graph } = model
  if (!graph) return damaged('it holds no graph')
  const main = (model.opsetImport ?? []).find((o) => isMain(o.domain ?? ''))
  if (!main) return damaged('it names no version of the ONNX operators')
  const opset = int64(main.version)
  if (opset < opsets.least || opset > opsets.most)
    return unsupported(`it uses opset ${opset}; opsets ${opsets.least} to ${opsets.most} are read`)
  return { graph, opset }
}

/** The domain of ONNX's own operators has two names. */
export const isMain = (domain: string): boolean => domain === '' || domain === 'ai.onnx'

function decode(bytes: Uint8Array): Onnx.ModelProto {
  try {
    return readModel(bytes)
  } catch {
    // protobufjs throws RangeError, TypeError or Error, as it comes upon the fault
    return damaged('its bytes are no ONNX model, or cut short')
  }
}
