import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'

const { ModelProto } = onnxProto.onnx

/** A float tensor of a file, its bytes in the file. */
export const weight = (
  name: string,
  dims: readonly number[],
  values: readonly number[],
): Onnx.ITensorProto => ({
  name,
  dataType: 1,
  dims: [...dims],
  rawData: new Uint8Array(Float32Array.from(values).buffer),
})

export const integers = (name: string, values: readonly number[]): Onnx.ITensorProto => ({
  name,
  dataType: 7,
  dims: [values.length],
  rawData: new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer),
})

export const tensorInfo = (
  name: string,
  dims: readonly (number | string)[],
  elemType = 1,
): Onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })) },
    },
  },
})

export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: Onnx.IAttributeProto[] = [],
): Onnx.INodeProto => ({ opType, input: [...input], output: [...output], name: `/${output[0]}`, attribute })

export const intAttribute = (name: string, i: number): Onnx.IAttributeProto => ({ name, type: 2, i })
export const intsAttribute = (name: string, ints: readonly number[]): Onnx.IAttributeProto => ({
  name,
  type: 7,
  ints: [...ints],
})

/** An ONNX file of a graph over x [n, 3] -> y, unless the graph says otherwise. */
export function file(graph: Onnx.IGraphProto, model: Onnx.IModelProto = {}): Uint8Array {
  return new Uint8Array(
    ModelProto.encode({
      irVersion: 8,
      opsetImport: [{ domain: '', version: 17 }],
      graph: {
        name: 'g',
        input: [tensorInfo('x', ['n', 3])],
        output: [tensorInfo('y', ['n', 3])],
        ...graph,
      },
      ...model,
    }).finish(),
  )
}
