import { z } from 'zod'
import { narrowFloats } from '../graph/types.js'
import { type HostExpression, type RowPlan, hostOperators } from './data.js'
import type { Json } from './json.js'
import { manifestFormat, manifestVersion } from './manifest-version.js'
import type { Manifest } from './manifest.js'
import { graphFileSchema as file, nameSchema as name } from './names.js'

// Checks a `manifest.json` that is read. The types say what its parts mean; only who reads one loads this.

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]),
)

const dtype = z.enum(['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool'])
const narrow = z.enum(narrowFloats)
const shape = z.array(z.int().nonnegative())
const settings = z.record(z.string(), json)

const distribution = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('normal') }),
  z.strictObject({ kind: z.literal('uniform'), low: z.number(), high: z.number() }),
  z.strictObject({ kind: z.literal('randint'), low: z.int(), high: z.int() }),
])

const initializer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), value: z.number() }),
  z.strictObject({ kind: z.literal('uniform'), low: z.number(), high: z.number() }),
  z.strictObject({ kind: z.literal('normal'), mean: z.number(), std: z.number() }),
  z.strictObject({ kind: z.literal('copy'), model: name, path: z.string() }),
])

const ofParameter = { model: name, path: z.string() }

const state = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('parameter'), ...ofParameter }),
  z.strictObject({ kind: z.literal('carried'), ...ofParameter }),
  z.strictObject({ kind: z.literal('slot'), slot: z.string(), ...ofParameter }),
  z.strictObject({ kind: z.literal('average'), ...ofParameter }),
  z.strictObject({ kind: z.literal('gradient'), term: z.int().nonnegative().nullable(), ...ofParameter }),
])

const fieldLimit = z.strictObject({
  low: z.int(),
  below: z.int(),
  except: z.array(z.int()),
  place: z.string().nullable(),
})

const inputRole = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('state'), state }),
  z.strictObject({
    kind: z.literal('batch'),
    data: name,
    field: z.string(),
    limits: z.array(fieldLimit).exactOptional(),
  }),
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
  file,
  inputs: z.array(z.strictObject({ name: z.string(), dtype, shape, role: inputRole })),
  outputs: z.array(z.strictObject({ name: z.string(), dtype, shape, role: outputRole })),
  parameters: z.array(
    z.strictObject({
      name: z.string(),
      model: name,
      path: z.string(),
      dtype,
      shape,
      as: narrow.nullable(),
    }),
  ),
  optimization: z.enum(['disabled', 'all']),
  flops: z.number(),
  peak_bytes: z.number(),
})

const group = z.strictObject({
  optimizer: z.string(),
  settings,
  schedule: z.string(),
  schedule_settings: settings,
})

const update = z.strictObject({
  name: name.nullable(),
  times: z.int().positive(),
  accumulate: z.int().positive(),
  groups: z.array(group),
  trained: z.array(z.strictObject({ model: name, path: z.string(), shape, group: z.int().nonnegative() })),
  states: z.array(z.strictObject({ model: name, path: z.string(), dtype, shape })),
  slots: z.array(z.string()),
  ema: z.number().nullable(),
  graphs: z.strictObject({
    step: graph,
    monitored: graph.nullable(),
    micro: graph.nullable(),
    prologue: graph.nullable(),
  }),
  features: z.array(graph).exactOptional(),
})

const watched = z.strictObject({
  evaluation: name,
  case: name.nullable(),
  metric: z.string(),
  better: z.enum(['higher', 'lower']),
})

const stage = z.strictObject({
  name,
  hash: z.string(),
  after: z.array(name),
  steps: z.int().positive(),
  save_every: z.int().positive().nullable(),
  measures: z.array(z.strictObject({ evaluation: name, every: z.int().positive() })),
  keep_last: z.int().positive().nullable(),
  keep_best: watched.nullable(),
  stop: watched.extend({ stalls: z.int().positive() }).nullable(),
  on_nonfinite: z.enum(['stop', 'skip']),
  guard: z.strictObject({ above: z.number(), steps: z.int().positive() }).nullable(),
  updates: z.array(update).min(1),
  monitors: z.array(
    z.strictObject({
      name: z.string(),
      every: z.int().positive(),
      statistic: z.enum(['value', 'share']),
    }),
  ),
})

const hostExpression: z.ZodType<HostExpression> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('column'), name: z.string() }),
    z.strictObject({ kind: z.literal('let'), name: z.string() }),
    z.strictObject({ kind: z.literal('literal'), value: json }),
    z.strictObject({
      kind: z.literal('call'),
      function: z.string(),
      arguments: z.record(z.string(), hostExpression),
    }),
    z.strictObject({
      kind: z.literal('operation'),
      operator: z.enum(hostOperators),
      operands: z.array(hostExpression),
    }),
  ]),
)

const share = z.number().min(0).max(1)

const rowPlan: z.ZodType<RowPlan> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('source'), source: z.string(), arguments: settings }),
    z.strictObject({
      kind: z.literal('part'),
      of: rowPlan,
      from: share,
      to: share,
      by: hostExpression.nullable(),
      seed: z.int(),
    }),
    z.strictObject({ kind: z.literal('limit'), of: rowPlan, count: z.int().positive() }),
    z.strictObject({ kind: z.literal('where'), of: rowPlan, condition: hostExpression }),
    z.strictObject({ kind: z.literal('pairs'), of: rowPlan, seed: z.int() }),
  ]),
)

const data = z.strictObject({
  name,
  fields: z.array(z.strictObject({ name: z.string(), dtype, shape })),
  parts: z.array(
    z.strictObject({
      rows: rowPlan,
      group: z.int().nonnegative(),
      lets: z.array(z.strictObject({ name: z.string(), value: hostExpression })),
      values: z.array(hostExpression),
    }),
  ),
  weights: z.array(z.number().nonnegative()),
})

const model = z.strictObject({
  name,
  from: z.string().nullable(),
  as: narrow.nullable(),
  strip: z.string().optional(),
  keys: z
    .array(
      z.strictObject({
        path: z.string(),
        name: z.string(),
        transposed: z.boolean(),
        part: z.int().nonnegative(),
        parts: z.int().positive(),
      }),
    )
    .optional(),
  ignore: z.array(z.string()),
  config: z.string().nullable(),
  files: z.array(z.strictObject({ name: z.string(), sha256: z.string().nullable() })),
  parameters: z.array(
    z.strictObject({ path: z.string(), dtype, shape, init: initializer, state: z.literal(true).optional() }),
  ),
})

const adapter = z.strictObject({
  name,
  model: name,
  rank: z.int().positive(),
  alpha: z.number(),
  dropout: z.number(),
  layers: z.array(
    z.strictObject({
      module: z.string(),
      weight: z.string(),
      a: z.string(),
      b: z.string(),
      rank: z.int().positive().optional(),
      alpha: z.number().optional(),
    }),
  ),
  biases: z.array(z.string()),
  bias: z.literal('all').optional(),
  saved: z.array(z.strictObject({ module: z.string(), paths: z.array(z.string()) })).optional(),
})

const evaluation = z.strictObject({
  name,
  kind: z.string(),
  cases: z.array(
    z.strictObject({
      name: name.nullable(),
      settings,
      parts: z.array(
        z.strictObject({
          beside: name.exactOptional(),
          group: name.nullable(),
          data: name.nullable(),
          rows: z.int().positive(),
          graph,
        }),
      ),
    }),
  ),
  reads: z.array(z.string()),
})

const parameterSpecs = graph.shape.parameters
const rowType = z.strictObject({ name: z.string(), dtype, shape })

const functionExport = z.strictObject({
  kind: z.literal('function'),
  name,
  file,
  inputs: z.array(rowType),
  outputs: z.array(rowType),
  parameters: parameterSpecs,
})

const exported = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), name }),
  z.strictObject({ kind: z.literal('adapter'), name }),
  functionExport,
])

/** What tells a folder that `dcrc compile` wrote from any other: what it lists, the next compilation replaces. */
export const ownedSchema = z.object({
  format: z.literal(manifestFormat),
  files: z.record(file, z.string().regex(/^[0-9a-f]{64}$/)),
})

export const manifestSchema = z.strictObject({
  ...ownedSchema.shape,
  version: z.literal(manifestVersion),
  compiler: z.string(),
  pipeline: name,
  target: name,
  hash: z.string(),
  seed: z.int(),
  weights: z.enum(['files', 'random']),
  params: settings,
  models: z.array(model),
  adapters: z.array(adapter),
  data: z.array(data),
  stages: z.array(stage),
  evaluations: z.array(evaluation),
  exports: z.array(exported),
  source_map: z.strictObject({
    places: z.array(z.string()),
    declared: z.array(z.strictObject({ name: z.string(), place: z.string() })),
    nodes: z.record(z.string(), z.array(z.int())),
  }),
  allowed: z.array(z.strictObject({ code: z.string(), reason: z.string(), stage: z.string().nullable() })),
  edit_hint: z.strictObject({ at: z.string(), text: z.string() }).nullable(),
})

type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Immutable<T[K]> }
    : T

type Same<A, B> = [A, B] extends [B, A] ? true : false

// The types and this schema are one: a difference does not compile.
true satisfies Same<Immutable<z.output<typeof manifestSchema>>, Manifest>
