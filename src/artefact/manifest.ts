import { z } from 'zod'
import { narrowFloats } from '../graph/types.js'
import { manifestVersion } from './manifest-version.js'

// `manifest.json`: everything a runner needs beside the ONNX files. Written by phase 9, read by linking and the
// runtime; nothing of a run and no absolute path stands in it. The compiler takes only types from here, so that it need
// not load what checks a file.

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]),
)
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const dtype = z.enum(['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool'])
const narrow = z.enum(narrowFloats)
const shape = z.array(z.int().nonnegative())
const settings = z.record(z.string(), json)

const distribution = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('normal') }),
  z.strictObject({ kind: z.literal('uniform'), low: z.number(), high: z.number() }),
  z.strictObject({ kind: z.literal('randint'), low: z.int(), high: z.int() }),
])

/** How a parameter starts when no weights are given. */
const initializer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), value: z.number() }),
  z.strictObject({ kind: z.literal('uniform'), low: z.number(), high: z.number() }),
  z.strictObject({ kind: z.literal('normal'), mean: z.number(), std: z.number() }),
])

const ofParameter = { model: z.string(), path: z.string() }

const state = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('parameter'), ...ofParameter }),
  z.strictObject({ kind: z.literal('slot'), slot: z.string(), ...ofParameter }),
  z.strictObject({ kind: z.literal('average'), ...ofParameter }),
  z.strictObject({ kind: z.literal('gradient'), term: z.int().nonnegative().nullable(), ...ofParameter }),
])

const inputRole = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('state'), state }),
  z.strictObject({ kind: z.literal('batch'), data: z.string(), field: z.string() }),
  z.strictObject({ kind: z.literal('draw'), path: z.string(), distribution }),
  z.strictObject({ kind: z.literal('hyper'), group: z.int().nonnegative(), name: z.string() }),
  z.strictObject({ kind: z.literal('prologue'), key: z.string() }),
])

const outputRole = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('state'), state }),
  z.strictObject({ kind: z.literal('loss') }),
  z.strictObject({ kind: z.literal('grad_norm') }),
  z.strictObject({ kind: z.literal('monitor'), name: z.string() }),
  z.strictObject({ kind: z.literal('prologue'), key: z.string() }),
  z.strictObject({ kind: z.literal('result'), name: z.string() }),
])

const graph = z.strictObject({
  /** File name beside the manifest. */
  file: z.string(),
  inputs: z.array(z.strictObject({ name: z.string(), dtype, shape, role: inputRole })),
  outputs: z.array(z.strictObject({ name: z.string(), dtype, shape, role: outputRole })),
  /**
   * Frozen parameters: external initializers that linking binds to a weight file. Their values are rounded to `as`, if
   * that is given, and held as `dtype`.
   */
  parameters: z.array(
    z.strictObject({
      name: z.string(),
      model: z.string(),
      path: z.string(),
      dtype,
      shape,
      as: narrow.nullable(),
    }),
  ),
  /** onnxruntime's own optimisation level: `all` where it lays out frozen convolutions in blocks, else our order stands. */
  optimization: z.enum(['disabled', 'all']),
  flops: z.number(),
  /** Predicted peak bytes of activations and state of one run. */
  peak_bytes: z.number(),
})

const group = z.strictObject({
  optimizer: z.string(),
  settings,
  schedule: z.string(),
  schedule_settings: settings,
})

const stage = z.strictObject({
  name: z.string(),
  hash: z.string(),
  steps: z.int().positive(),
  accumulate: z.int().positive(),
  save_every: z.int().positive().nullable(),
  groups: z.array(group),
  trained: z.array(
    z.strictObject({ model: z.string(), path: z.string(), shape, group: z.int().nonnegative() }),
  ),
  /** Optimizer slots per trained parameter, all f32 and zero at the start, e.g. ['m', 'v']. */
  slots: z.array(z.string()),
  /** The decay of averages, kept as state that starts at the parameters; null: there are none. */
  ema: z.number().nullable(),
  /** `share`: what is recorded is the share of the monitored steps so far at which the value was 1 and not 0. */
  monitors: z.array(
    z.strictObject({
      name: z.string(),
      every: z.int().positive(),
      statistic: z.enum(['value', 'share']),
    }),
  ),
  graphs: z.strictObject({
    /** One optimizer step; with accumulation the last micro-batch and the update. */
    step: graph,
    /** The same with monitors; state outputs are bit-equal. */
    monitored: graph.nullable(),
    /**
     * A micro-batch before the last: adds its gradient to that of those before it. Null when accumulate = 1.
     */
    micro: graph.nullable(),
    /** Runs once per stage: values that depend on no data, draw, step or trained parameter. */
    prologue: graph.nullable(),
  }),
})

/** A host expression of a data field: a source column, or a host function of some. */
export type HostExpression =
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: Json }
  | {
      readonly kind: 'call'
      readonly function: string
      readonly arguments: Readonly<Record<string, HostExpression>>
    }

const hostExpression: z.ZodType<HostExpression> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('column'), name: z.string() }),
    z.strictObject({ kind: z.literal('literal'), value: json }),
    z.strictObject({
      kind: z.literal('call'),
      function: z.string(),
      arguments: z.record(z.string(), hostExpression),
    }),
  ]),
)

const data = z.strictObject({
  name: z.string(),
  source: z.string(),
  arguments: settings,
  fields: z.array(z.strictObject({ name: z.string(), dtype, shape, value: hostExpression })),
})

const model = z.strictObject({
  name: z.string(),
  /** A weight file or folder, relative to the project root, or a model of the Hugging Face cache. */
  from: z.string().nullable(),
  /** The type to which its f32 parameters are rounded, wherever they are read. */
  as: narrow.nullable(),
  /** Patterns of tensors of the file that the model has no parameter for. */
  ignore: z.array(z.string()),
  /** The text of `config.json`, where the model has a record that mirrors it. */
  config: z.string().nullable(),
  /** Configurations and tokenizers that were looked for when it was compiled, by name from the directory; null: absent. */
  files: z.array(z.strictObject({ name: z.string(), sha256: z.string().nullable() })),
  parameters: z.array(z.strictObject({ path: z.string(), dtype, shape, init: initializer })),
})

/** Low-rank factors beside weights of a model: W + (alpha / rank) B A. They are kept under `models`, by the adapter's name. */
const adapter = z.strictObject({
  name: z.string(),
  model: z.string(),
  rank: z.int().positive(),
  alpha: z.number(),
  dropout: z.number(),
  /** Paths of the module and its weight in the model, and of the factors. */
  layers: z.array(z.strictObject({ module: z.string(), weight: z.string(), a: z.string(), b: z.string() })),
  /** Paths in the model of the biases that it trains. */
  biases: z.array(z.string()),
})

const evaluation = z.strictObject({
  name: z.string(),
  kind: z.string(),
  /** Static arguments. */
  settings,
  /** One graph per data set named (or one with data null for an expression over draws and batches). */
  parts: z.array(z.strictObject({ data: z.string().nullable(), rows: z.int().positive(), graph })),
  /** `<model>/<path>` of every parameter that it reads; it runs at the start and after stages that change one. */
  reads: z.array(z.string()),
})

const parameterSpecs = graph.shape.parameters
const rowType = z.strictObject({ name: z.string(), dtype, shape })

/** An ONNX file of a function with an open number of rows; the shapes are those of a row. */
const functionExport = z.strictObject({
  kind: z.literal('function'),
  name: z.string(),
  file: z.string(),
  inputs: z.array(rowType),
  outputs: z.array(rowType),
  parameters: parameterSpecs,
})

/** What is written at the end of a run. */
const exported = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), name: z.string() }),
  z.strictObject({ kind: z.literal('adapter'), name: z.string() }),
  functionExport,
])

export const manifestSchema = z.strictObject({
  version: z.literal(manifestVersion),
  compiler: z.string(),
  pipeline: z.string(),
  target: z.enum(['cpu', 'cuda', 'webgpu']),
  hash: z.string(),
  seed: z.int(),
  /** Where the weights and data come from whose files are not there when a run starts: `files`: nowhere, it is an error. */
  weights: z.enum(['files', 'random']),
  /** Pipeline parameters as compiled. */
  params: settings,
  models: z.array(model),
  adapters: z.array(adapter),
  data: z.array(data),
  stages: z.array(stage),
  evaluations: z.array(evaluation),
  exports: z.array(exported),
  /**
   * Where nodes stand in the source: `places` are `file:line:column`, and each graph file has for its node `<op>_<k>` at k
   * the number of its place; -1 for what the compiler adds.
   */
  source_map: z.strictObject({
    places: z.array(z.string()),
    nodes: z.record(z.string(), z.array(z.int())),
  }),
  /** Warnings that the source silences, in one stage or in all, and why. */
  allowed: z.array(z.strictObject({ rule: z.string(), reason: z.string(), stage: z.string().nullable() })),
  /** A line worth editing first, `file:line`, and its text. */
  edit_hint: z.strictObject({ at: z.string(), text: z.string() }).nullable(),
})

export type Manifest = z.infer<typeof manifestSchema>
export type GraphSpec = z.infer<typeof graph>
export type StageSpec = z.infer<typeof stage>
export type GroupSpec = z.infer<typeof group>
export type ModelSpec = z.infer<typeof model>
export type AdapterSpec = z.infer<typeof adapter>
export type DataSpec = z.infer<typeof data>
export type EvaluationSpec = z.infer<typeof evaluation>
export type ExportSpec = z.infer<typeof exported>
export type FunctionExport = z.infer<typeof functionExport>
export type Initializer = z.infer<typeof initializer>
/** Plain JSON objects, as of `settings`. */
export type Settings = Readonly<Record<string, Json>>

/** What the compiler gives back: the manifest and the graphs, by file name. */
export interface Artefact {
  readonly manifest: Manifest
  readonly files: ReadonlyMap<string, Uint8Array>
}
