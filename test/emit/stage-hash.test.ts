import { describe, expect, it } from 'vitest'
import type { Lowered, LoweredStage, LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { stageIdentities } from '../../src/compiler/9-emit/stage-hash.js'
import { stageBuildKey } from '../../src/compiler/build-key.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph } from '../../src/graph/graph.js'
import { contentHash, hash } from '../../src/graph/hash.js'
import { rewrite } from '../../src/graph/rewrite.js'
import type { TensorType } from '../../src/graph/types.js'

/*
 * Aim: equal hashes of stages mean equal results. Every field of what phase 4 gives changes the hash, but for those that
 * are named here with the reason why results do not depend on them. A new field stands neither in `whole` nor among the
 * reasons: the first is an error of types, the second of this test.
 */

/** The same with every field there; what has no certain fields, as settings, stays as it is. */
type Filled<T> = T extends Graph | string | number | boolean
  ? T
  : string extends keyof T
    ? T
    : { [K in keyof T]-?: Filled<NonNullable<T[K]>> }

const type: TensorType = { dtype: 'f32', shape: [2, 3] }
const span = { file: 'main.dcr', start: 10, end: 20 }

/** A loss of rows, a draw and a parameter, and a monitor. */
function graphOf(op: string, watched = 'Sin'): Graph {
  const b = new Builder()
  const rows = b.input('batch/pictures.image', type, { kind: 'batch', data: 'pictures', field: 'image' })
  const noise = b.input('draw/noise', type, {
    kind: 'draw',
    path: 'noise',
    distribution: { kind: 'uniform', low: 0, high: 1 },
  })
  const made = b.op(op, [b.add(b.mul(rows, b.parameter('net', 'weight', type)), noise)])
  return b.finish('fit', [
    { name: 'loss', value: b.sum(made, [0, 1]), role: { kind: 'loss' } },
    {
      name: 'monitor/m',
      value: b.sum(b.op(watched, [made]), [0, 1]),
      role: { kind: 'monitor', name: 'm' },
    },
  ])
}

const [graph, another] = [graphOf('Tanh'), graphOf('Exp')]

const update: Filled<LoweredUpdate> = {
  name: 'critic',
  stage: 'fit',
  span,
  graph,
  trained: [{ model: 'net', path: 'weight', dtype: 'f32', shape: [2, 3], group: 0 }],
  states: [{ model: 'net', path: 'mean', dtype: 'f32', shape: [2] }],
  shared: [{ state: { kind: 'carried', model: 'net', path: 'mean' }, dtype: 'f32', shape: [2] }],
  groups: [
    {
      optimizer: 'adamw',
      settings: { lr: 0.1 },
      schedule: 'cosine',
      scheduleSettings: { warmup: 3 },
      span,
    },
  ],
  times: 5,
  accumulate: 2,
  exact: { count: 3, span },
  chunk: { rows: 4, span },
  memory: { bytes: 1e9, span },
  clipNorm: 1,
  ema: 0.99,
  precision: 'bf16',
}

const stage: Filled<LoweredStage> = {
  name: 'fit',
  span,
  steps: 10,
  saveEvery: 5,
  measures: [{ evaluation: 'e', every: 4 }],
  keepLast: 3,
  keepBest: { evaluation: 'e', case: 'c', metric: 'mean', better: 'higher' },
  stop: { evaluation: 'e', case: 'c', metric: 'mean', better: 'higher', stalls: 2 },
  onNonfinite: 'stop',
  guard: { above: 10, steps: 2 },
  updates: [update],
  monitors: [{ name: 'm', every: 2, statistic: 'value' }],
}

const whole: Lowered = {
  pipeline: 'p',
  seed: 7,
  params: { width: 3 },
  models: [
    {
      name: 'net',
      from: 'weights/net',
      as: 'bf16',
      strip: 'module.',
      ignore: ['head.*'],
      config: '{}',
      files: [{ name: 'config.json', sha256: 'ab' }],
      parameters: [
        { path: 'weight', dtype: 'f32', shape: [2, 3], init: { kind: 'normal', mean: 0, std: 0.02 } },
      ],
    },
  ],
  adapters: [
    {
      name: 'low',
      model: 'net',
      rank: 2,
      alpha: 4,
      dropout: 0.1,
      layers: [{ module: 'm', weight: 'w', a: 'a', b: 'b' }],
      biases: ['bias'],
    },
  ],
  data: [
    {
      name: 'pictures',
      fields: [{ name: 'image', dtype: 'f32', shape: [2, 3] }],
      parts: [
        {
          rows: {
            kind: 'part',
            of: { kind: 'source', source: 'mnist', arguments: { size: 8 } },
            from: 0,
            to: 0.5,
            by: { kind: 'column', name: 'digit' },
            seed: 0,
          },
          group: 0,
          lets: [{ name: 'crop', value: { kind: 'column', name: 'image' } }],
          values: [{ kind: 'let', name: 'crop' }],
        },
      ],
      weights: [1],
    },
  ],
  stages: [stage],
  evaluations: [
    {
      name: 'e',
      kind: 'average',
      span,
      cases: [
        { name: 'c', settings: { n: 1 }, parts: [{ group: 'rows', data: 'pictures', rows: 2, graph }] },
      ],
    },
  ],
  exports: [{ kind: 'function', name: 'f', span, said: { span }, graphs: [{ rows: 2, graph }] }],
  allowed: [{ code: 'stage/coupled-accumulation', reason: 'why', stage: 'fit' }],
}

/** What changes no result, with all that stands below it. */
const reasons: Readonly<Record<string, string>> = {
  pipeline: 'a name',
  seed: 'a run may have another; the key of a stage that is run holds it',
  params: 'what they decide stands in the graphs',
  'models.ignore': 'what of a file is not read',
  'models.config': 'sizes stand in the graphs',
  'models.files': 'what was read of them stands in the graphs',
  adapters: 'they stand in the graphs and as models',
  'evaluations.span': 'a place in a source',
  exports: 'they come after',
  allowed: 'it silences warnings',
  'stages.span': 'a place in a source',
  'stages.saveEvery': 'checkpoints change nothing',
  'stages.keepLast': 'checkpoints change nothing',
  'stages.guard.above': 'what ends in a mistake has no result',
  'stages.guard.steps': 'what ends in a mistake has no result',
  'stages.monitors': 'they only watch',
  'stages.updates.stage': 'the stage has its name itself',
  'stages.updates.span': 'a place in a source',
  'stages.updates.groups.span': 'a place in a source',
  'stages.updates.chunk.span': 'a place in a source',
  'stages.updates.exact.span': 'a place in a source',
  'stages.updates.memory': 'it decides the rows of a chunk, which count',
  'stages.updates.precision': 'parameters in the graph say that they are read rounded',
  'stages.updates.shared':
    'what others change of what the graph reads follows from what they train and carry',
  'stages.updates.trained.dtype': "it is the model's",
  'stages.updates.trained.shape': "it is the model's",
}

/** A value with one thing in it changed, for each thing in it, and where that stands. */
function changed(value: unknown, path = ''): (readonly [path: string, value: unknown])[] {
  if (value === graph) return [[path, another]]
  if (typeof value === 'number') return [[path, value + 1]]
  if (typeof value === 'string') return [[path, `${value}x`]]
  if (Array.isArray(value))
    return value.flatMap((item, k) => changed(item, path).map(([at, v]) => [at, value.with(k, v)] as const))
  if (typeof value !== 'object' || value === null) throw new Error(`${path} holds nothing to change`)
  return Object.entries(value).flatMap(([name, part]) =>
    changed(part, path === '' ? name : `${path}.${name}`).map(
      ([at, v]) => [at, { ...value, [name]: v }] as const,
    ),
  )
}

const hashOf = (lowered: Lowered, target = 'cpu', version = '1'): string =>
  stageIdentities(lowered, target, version)
    .map(({ hash }) => hash)
    .join()

const before = hashOf(whole)
const reasonFor = (path: string): string | undefined =>
  Object.keys(reasons).find((r) => path === r || path.startsWith(`${r}.`))

describe('the hash of a stage', () => {
  const changes = changed(whole)

  it('changes with every field but those that change no result', () => {
    expect(changes.length).toBeGreaterThan(60)
    const seen = changes.map(([path, lowered]) => ({
      path,
      same: hashOf(lowered as Lowered) === before,
      reason: reasonFor(path),
    }))
    expect(seen.filter(({ same, reason }) => same && !reason)).toEqual([])
    expect(seen.filter(({ same, reason }) => !same && reason)).toEqual([])
    expect(Object.keys(reasons).filter((r) => !seen.some(({ reason }) => reason === r))).toEqual([])
  })

  it('changes with the target and the version of the compiler', () => {
    expect(hashOf(whole, 'other')).not.toBe(before)
    expect(hashOf(whole, 'cpu', '2')).not.toBe(before)
  })

  type Optional = {
    [K in keyof LoweredUpdate]: null extends LoweredUpdate[K] ? K : never
  }[keyof LoweredUpdate]
  const clauses: Readonly<Record<Optional, true>> = {
    name: true,
    exact: true,
    chunk: true,
    memory: true,
    clipNorm: true,
    ema: true,
    precision: true,
  }
  const hashWith = (change: Partial<LoweredUpdate>): string =>
    hashOf({ ...whole, stages: [{ ...stage, updates: [{ ...update, ...change }] }] })

  it.each(Object.keys(clauses))('sees that an update has no %s', (clause) => {
    const ignored = reasonFor(`stages.updates.${clause}`) !== undefined
    expect(hashWith({ [clause]: null }) === before).toBe(ignored)
    const plain = hashWith({ name: null })
    if (clause !== 'name') expect(hashWith({ name: null, [clause]: null }) === plain).toBe(ignored)
  })

  it('sees every field of a stage that is one update without a name', () => {
    const plain: LoweredUpdate = { ...update, name: null }
    const { name: _name, ...rest } = update
    const seen = changed(rest, 'stages.updates').map(([path, value]) => ({
      path,
      same: hashWith({ ...(value as typeof rest), name: null }) === hashWith(plain),
      reason: reasonFor(path),
    }))
    // it has no other to take turns with
    const missed = seen.filter(({ path, same, reason }) => same && !reason && path !== 'stages.updates.times')
    expect(missed).toEqual([])
  })

  it('sees the order of updates', () => {
    const other = { ...update, name: 'generator' }
    const hashes = [
      [update, other],
      [other, update],
    ].map((updates) => hashOf({ ...whole, stages: [{ ...stage, updates }] }))
    expect(hashes[0]).not.toBe(hashes[1])
  })

  it('sees no evaluation by which the stage does not end', () => {
    const free = { ...whole, stages: [{ ...stage, keepBest: null, stop: null }] }
    expect(hashOf({ ...free, evaluations: [] })).toBe(hashOf(free))
    expect(hashOf({ ...free, stages: [{ ...stage, keepBest: null, stop: null, measures: [] }] })).toBe(
      hashOf(free),
    )
  })

  it('does not see what is watched', () => {
    expect(hashWith({ graph: graphOf('Tanh', 'Cos') })).toBe(before)
  })

  it('changes with an earlier stage that trains what it does not read of a model that it writes', () => {
    const models = whole.models.map((model) => ({
      ...model,
      parameters: model.parameters.flatMap((p) => [p, { ...p, path: 'elsewhere' }]),
    }))
    const beside = { ...update, trained: [{ ...update.trained[0], path: 'elsewhere' } as never], states: [] }
    const after = (steps: number) => {
      const first = { ...stage, name: 'first', updates: [beside], steps }
      const later = { ...stage, name: 'later', updates: [{ ...update, states: [] }] }
      return stageIdentities({ ...whole, models, stages: [first, later] }, 'cpu', '1')[1]
    }
    expect(after(10)?.after).toEqual(['first'])
    expect(after(11)?.hash).not.toBe(after(10)?.hash)
  })

  it('changes with an earlier stage if that trains or carries what this one reads', () => {
    const later = (first: LoweredStage): string | undefined =>
      stageIdentities({ ...whole, stages: [first, { ...stage, name: 'later' }] }, 'cpu', '1')[1]?.hash
    const first = { ...stage, name: 'first' }
    const elsewhere = { ...update, trained: [{ ...update.trained[0], model: 'other' } as never], states: [] }
    expect(later({ ...first, steps: 11 })).not.toBe(later(first))
    const unrelated = { ...first, updates: [elsewhere] }
    expect(later({ ...unrelated, steps: 11 })).toBe(later(unrelated))
    const carries = { ...first, updates: [elsewhere, { ...elsewhere, states: update.states }] }
    expect(later({ ...carries, steps: 11 })).not.toBe(later(carries))
  })
})

describe('the key by which the graphs of a stage are built once', () => {
  const keyWith = (change: Partial<LoweredUpdate>): string =>
    stageBuildKey({ ...stage, updates: [{ ...update, ...change }] })

  it('changes with every field of an update but what the runner feeds', () => {
    const { groups: _groups, ...rest } = update
    const key = (change: Partial<LoweredUpdate>): string => keyWith({ ...change, groups: [] })
    const same = changed(rest).filter(([, value]) => key(value as typeof rest) === key({}))
    expect(same.map(([path]) => path)).toEqual([])
  })

  it('sees of the settings of an optimizer what its update computes', () => {
    const [group] = update.groups
    const of = (settings: object, more: object = {}): string =>
      keyWith({ groups: [{ ...group, settings, ...more } as never] })
    const plain = of({ lr: 0.1 })
    expect(of({ lr: 0.2 })).toBe(plain)
    expect(of({ lr: 0.1, eps: 1e-7, weight_decay: 0.1 })).toBe(plain) // fed
    expect(of({ lr: 0.1 }, { schedule: 'constant', scheduleSettings: {} })).toBe(plain)
    const others = [
      of({ lr: 0.1, betas: [0.8, 0.999] }),
      of({ lr: 0.1, betas: [0.9, 0.99] }),
      of({ lr: 0.1, weight_decay: 0 }),
      of({ lr: 0.1 }, { optimizer: 'sgd' }),
      of({ lr: 0.1, momentum: 0.9 }, { optimizer: 'sgd' }),
    ]
    expect(new Set([plain, ...others]).size).toBe(others.length + 1)
  })

  it('sees roles, places in the source and what is watched, which the hash of a stage does not', () => {
    const moved = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, span })) }
    expect(hash(moved)).toBe(hash(graph))
    expect(contentHash(moved)).not.toBe(contentHash(graph))
    expect(keyWith({ graph: graphOf('Tanh', 'Cos') })).not.toBe(keyWith({}))
    expect(keyWith({ graph: rewrite(graph) })).toBe(keyWith({}))
    const [input, ...inputs] = graph.inputs
    const role = { kind: 'batch', data: 'pictures', field: 'other' } as const
    const source = { kind: 'input', name: 'batch/pictures.image', role } as const
    const fed = { ...graph, inputs: [{ ...input, source } as never, ...inputs] }
    expect(contentHash(rewrite(fed))).not.toBe(contentHash(graph))
  })
})
