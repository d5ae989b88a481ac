import type { onnx as Onnx } from 'onnx-proto'
import type { GraphSpec } from '../artefact/graphs.js'
import { dataType } from '../onnx/element-types.js'
import { readModel, writeModel } from '../onnx/protobuf.js'
import type { Tensor } from './onnxruntime.js'
import { LoadedGraph, type SessionSettings, fromTensor } from './session.js'
import { toFloat32 } from './tensors.js'

/** What a node read: the range of its values, as far as they are numbers. */
export interface ReadValue {
  readonly name: string
  readonly shape: readonly number[]
  readonly low: number
  readonly high: number
}

/** The first node of a graph, in its order, that made something that is not finite of what was; plain data. */
export interface NonFiniteOrigin {
  readonly file: string
  readonly node: string
  readonly operator: string
  readonly reads: readonly ReadValue[]
  /** One of what it made. */
  readonly gives: number
}

/** An input that was not finite itself, before anything was computed. */
export interface NonFiniteInput {
  readonly input: string
  readonly value: number
}

type Feed = Parameters<LoadedGraph['run']>[0]

/**
 * Runs a graph again with a number for each of its values, value * 0 summed up, which is 0 where all are finite. The
 * first that is not is the origin; what it read is fetched by a second run.
 */
export async function firstNonFinite(
  spec: GraphSpec,
  model: Uint8Array,
  settings: SessionSettings,
  feed: Feed,
): Promise<NonFiniteOrigin | NonFiniteInput | undefined> {
  for (const input of spec.inputs) {
    const tensor = input.dtype === 'f32' ? feed(input) : null
    const value = tensor && toFloat32(fromTensor(tensor)).find((v) => !Number.isFinite(v))
    if (value !== undefined && value !== null) return { input: input.name, value }
  }
  const decoded = readModel(model)
  const values = floatsOf(decoded)
  const sums = await runWith(spec, checked(decoded, values), settings, feed, values.map(sumOf))
  const at = values.findIndex((_, k) => Number.isNaN(sums[k]?.[0]))
  const origin = values[at]
  const node = decoded.graph?.node?.find(({ output }) => output?.includes(origin ?? ''))
  if (origin === undefined || !node) return undefined
  const floats = new Set([...values, ...floatInputs(decoded)])
  const read = (node.input ?? []).filter((name) => floats.has(name))
  const copies = [...read, origin].map((name, k) => ({ name, copy: `read ${k}` }))
  const fetched = await runWith(
    spec,
    copied(readModel(model), copies),
    settings,
    feed,
    copies.map(({ copy }) => copy),
  )
  return {
    file: spec.file,
    node: node.name ?? '',
    operator: node.opType ?? '',
    reads: read.map((name, k) => ({
      name,
      ...rangeOf(fetched[k] ?? new Float32Array()),
      shape: fetched[k]?.shape ?? [],
    })),
    gives: fetched.at(-1)?.find((v) => !Number.isFinite(v)) ?? NaN,
  }
}

type Fetched = Float32Array & { readonly shape: readonly number[] }

async function runWith(
  spec: GraphSpec,
  model: Uint8Array,
  settings: SessionSettings,
  feed: Feed,
  names: readonly string[],
): Promise<readonly Fetched[]> {
  const outputs = names.map((name) => ({
    name,
    dtype: 'f32' as const,
    shape: [],
    role: { kind: 'result' as const, name },
  }))
  const graph = await LoadedGraph.load({ ...spec, outputs }, model, settings)
  try {
    const results = await graph.run(feed)
    return outputs.map((output) => {
      const tensor = results.get(output) as Tensor
      return Object.assign(toFloat32(fromTensor(tensor)), { shape: tensor.dims })
    })
  } finally {
    await graph.release()
  }
}

const sumOf = (value: string): string => `${value} * 0`

/** The graph with a sum for each value in place of its outputs. */
function checked(model: Onnx.ModelProto, values: readonly string[]): Uint8Array {
  const { graph } = model
  if (!graph) throw new Error('a model without a graph')
  const zero = 'zero of sums'
  graph.initializer?.push({ name: zero, dataType: dataType.f32, dims: [], rawData: new Uint8Array(4) })
  for (const value of values) {
    const product = `${value} * zero`
    graph.node?.push(
      { opType: 'Mul', name: product, input: [value, zero], output: [product] },
      {
        opType: 'ReduceSum',
        name: sumOf(value),
        input: [product],
        output: [sumOf(value)],
        attribute: [{ name: 'keepdims', type: 2, i: 0 }],
      },
    )
  }
  graph.output = values.map((value) => outputOf(sumOf(value)))
  return inOrder(model)
}

/** The graph with copies of values in place of its outputs. */
function copied(
  model: Onnx.ModelProto,
  copies: readonly { readonly name: string; readonly copy: string }[],
): Uint8Array {
  const { graph } = model
  if (!graph) throw new Error('a model without a graph')
  for (const { name, copy } of copies)
    graph.node?.push({ opType: 'Identity', name: copy, input: [name], output: [copy] })
  graph.output = copies.map(({ copy }) => outputOf(copy))
  return writeModel(model)
}

const outputOf = (name: string): Onnx.IValueInfoProto => ({
  name,
  type: { tensorType: { elemType: dataType.f32 } },
})

/** Sums stand behind what they sum, so that no value is held until the end. */
function inOrder(model: Onnx.ModelProto): Uint8Array {
  const { graph } = model
  const nodes = graph?.node ?? []
  const made = nodes.filter(({ name }) => name?.endsWith(' * zero') || name?.endsWith(' * 0'))
  const byInput = new Map(made.map((node) => [node.input?.[0] ?? '', node]))
  const own = nodes.filter((node) => !made.includes(node))
  if (graph)
    graph.node = own.flatMap((node) => [
      node,
      ...(node.output ?? []).flatMap((value) => {
        const product = byInput.get(value)
        const sum = product && byInput.get(product.output?.[0] ?? '')
        return product && sum ? [product, sum] : []
      }),
    ])
  return writeModel(model)
}

/** Graph inputs and initializers of f32. */
const floatInputs = ({ graph }: Onnx.ModelProto): readonly string[] => [
  ...(graph?.input ?? []).flatMap(({ name, type }) =>
    type?.tensorType?.elemType === dataType.f32 ? [name ?? ''] : [],
  ),
  ...(graph?.initializer ?? []).flatMap(({ name, dataType: type }) =>
    type === dataType.f32 ? [name ?? ''] : [],
  ),
]

/** The outputs of nodes that are f32, in the order of nodes; of nodes with graphs inside none. */
function floatsOf(model: Onnx.ModelProto): readonly string[] {
  const floats = new Set(floatInputs(model))
  const found: string[] = []
  for (const node of model.graph?.node ?? []) {
    for (const [k, name] of (node.output ?? []).entries()) {
      if (name === '' || !isFloat(node, k, floats)) continue
      floats.add(name)
      found.push(name)
    }
  }
  return found
}

/** Operators whose results are never floats, whatever they read. */
const others = new Set(
  'Greater GreaterOrEqual Less LessOrEqual Equal And Or Not Xor IsNaN IsInf Shape Size ArgMax ArgMin NonZero Loop If Scan'.split(
    ' ',
  ),
)
/** Those with a second result that is an index or a mask. */
const onlyFirst = new Set(['TopK', 'MaxPool', 'Dropout'])
/** The input whose type a result has, where it is not the first. */
const typed: Readonly<Record<string, number>> = { Where: 1, OneHot: 2, CastLike: 1 }

function isFloat(
  { opType, input, attribute }: Onnx.INodeProto,
  output: number,
  floats: ReadonlySet<string>,
): boolean {
  const op = opType ?? ''
  if (others.has(op) || (onlyFirst.has(op) && output > 0)) return false
  const given = (name: string): Onnx.IAttributeProto | undefined => attribute?.find((a) => a.name === name)
  if (op === 'Cast') return given('to')?.i?.toString() === String(dataType.f32)
  if (op === 'Constant' || op === 'ConstantOfShape') {
    const tensor = given('value')?.t
    return tensor ? tensor.dataType === dataType.f32 : op === 'ConstantOfShape'
  }
  return floats.has(input?.[typed[op] ?? 0] ?? '')
}

function rangeOf(values: Float32Array): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return { low, high }
}
