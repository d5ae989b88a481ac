import onnxProto, { type onnx as Onnx } from 'onnx-proto'

/** The model that stands in the bytes of an ONNX file; throws an error of protobufjs where none does. */
export const readModel = (bytes: Uint8Array): Onnx.ModelProto => onnxProto.onnx.ModelProto.decode(bytes)

/** The bytes of an ONNX file. */
export const writeModel = (model: Onnx.IModelProto): Uint8Array =>
  new Uint8Array(onnxProto.onnx.ModelProto.encode(model).finish())
