import type { onnx as Onnx } from 'onnx-proto'
import type { GraphSpec } from '../artefact/graphs.js'
import { dataType } from '../onnx/element-types.js'
import { readModel, writeModel } from '../onnx/protobuf.js'
import type { Feed } from './executors/executor.js'
import { loadGraph } from './executors/load.js'
import type { SessionSettings } from './session.js'
import { toFloat32 } from './tensors.js'

/** What a node read: the range of its values, as far as they are numbers. */
export interface ReadValue {
  readonly name: string
  readonly shape: readonly number[]
  readonly low: number
  readonly high: number
}

/** The node that made something that is not finite of what was, behind what the graph gives; plain data. */
export interface NonFiniteOrigin {
  readonly file: string
  readonly node: string
  readonly operator: string
  readonly reads: readonly ReadValue[]
  /** One of what it made. */
  readonly gives: number
  /** It takes what is not finite from a number that the program writes. */
  readonly written: boolean
}

/** An input that was not finite itself, before anything was computed. */
export interface NonFiniteInput {
  readonly input: string
  readonly value: number
}

/**
 * Runs a graph again with a number for each of its values, value * 0 summed up, which is 0 where all are finite. From
 * the loss, or else the first result that is not, the way goes back through values that are not, to the one that was made of
 * finite ones: what a `where` leaves out is none of them. What it read is fetched by a second run.
 */
export async function firstNonFinite(
  spec: GraphSpec,
  model: Uint8Array,
  settings: SessionSettings,
  feed: Feed,
): Promise<NonFiniteOrigin | NonFiniteInput | undefined> {
  for (const input of spec.inputs) {
    const tensor = input.dtype === 'f32' ? feed(input) : null
    const value = tensor && toFloat32(tensor).find((v) => !Number.isFinite(v))
    if (value !== undefined && value !== null) return { input: input.name, value }
  }
  const decoded = readModel(model)
  const values = madeBy(decoded)
  const results = (decoded.graph?.output ?? []).map(({ name }) => name ?? '')
  const sums = await runWith(spec, checked(decoded, values), settings, feed, values.map(sumOf))
  const bad = new Set(values.filter((_, k) => Number.isNaN(sums[k]?.[0])))
  const loss = spec.outputs.flatMap(({ name, role }) => (role.kind === 'loss' ? [name] : []))
  const start = [...loss, ...results, ...values].find((name) => bad.has(name))
  const origin = start === undefined ? undefined : originOf(decoded, bad, start)
  const node = decoded.graph?.node?.find(({ output }) => output?.includes(origin ?? ''))
  if (origin === undefined || !node) return undefined
  const numbers = new Set([...values, ...floatInputs(decoded)])
  const read = (node.input ?? []).filter((name) => numbers.has(name))
  const copies = [...read, origin].map((name, k) => ({ name, copy: `read ${k}` }))
  const fetched = await runWith(
    spec,
    copied(readModel(model), copies),
    settings,
    feed,
    copies.map(({ copy }) => copy),
  )
  const constants = new Set(decoded.graph?.initializer?.map(({ name }) => name))
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
    written: read.some((name, k) => constants.has(name) && fetched[k]?.some((v) => Number.isNaN(v))),
  }
}

function originOf({ graph }: Onnx.ModelProto, bad: ReadonlySet<string>, start: string): string {
  const makers = new Map(
    (graph?.node ?? []).flatMap((node) => (node.output ?? []).map((name) => [name, node])),
  )
  const seen = new Set<string>()
  for (let value = start; ;) {
    seen.add(value)
    const next = makers.get(value)?.input?.find((name) => bad.has(name) && !seen.has(name))
    if (next === undefined) return value
    value = next
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
  const graph = await loadGraph({ ...spec, outputs }, model, settings)
  try {
    const results = await graph.run(feed)
    return outputs.map((output) => {
      const tensor = results.get(output)
      if (!tensor) throw new Error(`no result ${output.name}`)
      return Object.assign(toFloat32(tensor), { shape: tensor.shape })
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
    const [cast, product] = [`${value} as f32`, `${value} * zero`]
    graph.node?.push(
      toFloats(value, cast),
      { opType: 'Mul', name: product, input: [cast, zero], output: [product] },
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
  for (const { name, copy } of copies) graph.node?.push(toFloats(name, copy))
  graph.output = copies.map(({ copy }) => outputOf(copy))
  return writeModel(model)
}

const toFloats = (from: string, to: string): Onnx.INodeProto => ({
  opType: 'Cast',
  name: to,
  input: [from],
  output: [to],
  attribute: [{ name: 'to', type: 2, i: dataType.f32 }],
})

const outputOf = (name: string): Onnx.IValueInfoProto => ({
  name,
  type: { tensorType: { elemType: dataType.f32 } },
})

/** Sums stand behind what they sum, so that no value is held until the end. */
function inOrder(model: Onnx.ModelProto): Uint8Array {
  const { graph } = model
  const nodes = graph?.node ?? []
  const added = [' as f32', ' * zero', ' * 0']
  const made = nodes.filter(({ name }) => added.some((ending) => name?.endsWith(ending)))
  const byInput = new Map(made.map((node) => [node.input?.[0] ?? '', node]))
  const own = nodes.filter((node) => !made.includes(node))
  const following = (value: string): readonly Onnx.INodeProto[] => {
    const next = byInput.get(value)
    return next ? [next, ...following(next.output?.[0] ?? '')] : []
  }
  if (graph) graph.node = own.flatMap((node) => [node, ...(node.output ?? []).flatMap(following)])
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

/** The results of all nodes, in their order. Whatever their types, they are cast: integers and truth values are finite. */
const madeBy = (model: Onnx.ModelProto): readonly string[] =>
  (model.graph?.node ?? []).flatMap(({ output }) => (output ?? []).filter((name) => name !== ''))

function rangeOf(values: Float32Array): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return { low, high }
}
