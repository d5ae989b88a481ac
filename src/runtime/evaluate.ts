import {
  type EvaluationCase as Case,
  type EvaluationPart as Part,
  type EvaluationSpec,
  ownParts,
} from '../artefact/evaluations.js'
import type { Json } from '../artefact/json.js'
import { link } from '../artefact/link.js'
import type { EvaluationInput, Results } from './measures/measure.js'
import { findEvaluationKind } from '../evaluations/registry.js'
import { beside, published } from '../evaluations/kind.js'
import { isRecord } from '../json/is-record.js'
import { meansOf, standings } from './measures/math/means.js'
import { elementCount } from '../graph/types.js'
import type { Feeder } from './feeds.js'
import { namesOfField } from './field-names.js'
import type { OpenData } from './fields.js'
import { Batches } from './order/batches.js'
import { alone } from './order/order.js'
import type { SessionSettings } from './session.js'
import { type HostTensor, type HostTensors, buffersOf, toFloat32 } from './tensors.js'
import type { WorkerThread } from './thread.js'
import type { Weights } from './weights.js'
import { emptyTable } from '../json/table.js'

type Metrics = Readonly<Record<string, Json>>

export type Measure = (evaluation: EvaluationSpec, input: EvaluationInput) => Promise<Metrics>

export interface EvaluationContext {
  readonly thread: WorkerThread
  readonly feeder: Feeder
  readonly data: ReadonlyMap<string, OpenData>
  readonly weights: Weights
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly seed: number
  readonly settings: SessionSettings
  readonly measure: Measure
  /** What the evaluation gave at the start of the run; undefined at the start. */
  readonly start: Metrics | undefined
  /** Called before each batch; it may throw to stop. */
  onBatch(done: number, batches: number): void
}

/** Runs the graphs of an evaluation over its data and measures the results. */
export async function evaluate(spec: EvaluationSpec, context: EvaluationContext): Promise<Metrics> {
  const cases: [string, Metrics][] = []
  const compared = findEvaluationKind(spec.kind)?.metrics ?? []
  for (const one of spec.cases) {
    const { name, settings } = one
    const before = name === null ? context.start : context.start?.[name]
    const start = isRecord(before) ? before : undefined
    const measured = await measureParts(spec, one, ownParts(one.parts), { ...context, start })
    const others = settings[published]
    // they are of no stage, so once is enough; what they leave out is what the evaluation does at the start
    const references = context.start ? [] : referencesIn(one)
    const found: [string, Metrics][] = []
    for (const [of, parts] of references)
      found.push([of, await measureParts(spec, one, parts, { ...context, start: measured })])
    const metrics = {
      ...measured,
      ...(others === undefined ? {} : { [published]: others }),
      ...(found.length === 0 ? {} : { [beside]: Object.fromEntries(found) }),
    }
    if (name === null) return metrics
    cases.push([name, metrics])
  }
  const now = new Map(cases)
  const start = casesOf(context.start, now) ?? now
  const references = new Map(spec.cases.flatMap((one) => [...referencesIn(one)]))
  const means = [...references.keys()].flatMap((of): [string, Metrics][] => {
    const found = new Map(
      cases.flatMap(([name, { [beside]: all }]): [string, Metrics][] => {
        const own = isRecord(all) ? all[of] : undefined
        return isRecord(own) ? [[name, own]] : []
      }),
    )
    return found.size === 0 ? [] : [[of, meansOf(compared, found, start)]]
  })
  return {
    ...Object.fromEntries(cases),
    ...meansOf(compared, now, start),
    ...(means.length === 0 ? {} : { [beside]: Object.fromEntries(means) }),
  }
}

/** The parts of each reference of a case, by its name. */
function referencesIn({ parts }: Case): ReadonlyMap<string, readonly Part[]> {
  const names = new Set(parts.flatMap((part) => part.beside ?? []))
  return new Map([...names].map((name) => [name, parts.filter((part) => part.beside === name)]))
}

/** Runs graphs that belong together and measures their results. */
async function measureParts(
  spec: EvaluationSpec,
  one: Case,
  parts: readonly Part[],
  context: EvaluationContext,
): Promise<Metrics> {
  const results = emptyTable<Results>()
  for (const part of parts) Object.assign(results, await runPart(spec, one, part, context))
  const measured = await context.measure(spec, {
    settings: one.settings,
    seed: context.seed,
    start: context.start,
    names: parts.flatMap((part) => namesIn(part, context)),
    results,
  })
  return { ...measured, ...standings(findEvaluationKind(spec.kind)?.metrics ?? [], measured) }
}

/** The results of the same cases at another moment. */
function casesOf(
  metrics: Metrics | undefined,
  names: ReadonlyMap<string, Metrics>,
): ReadonlyMap<string, Metrics> | undefined {
  if (!metrics) return undefined
  return new Map(
    [...names.keys()].flatMap((name) => {
      const one = metrics[name]
      return isRecord(one) ? [[name, one] as const] : []
    }),
  )
}

/** The names that the data give to the numbers of the fields which a graph reads. */
function namesIn({ graph }: Part, { data }: EvaluationContext): readonly (readonly string[])[] {
  return graph.inputs.flatMap(({ role }) => {
    const open = role.kind === 'batch' ? data.get(role.data) : undefined
    if (role.kind !== 'batch' || !open) return []
    const parts = new Map(
      open.rows.groups.flatMap((group) => group.parts.map(({ index, rows }) => [index, rows.names] as const)),
    )
    const names = namesOfField(open.spec, role.field, (k) => parts.get(k))
    return names ? [names] : []
  })
}

async function runPart(
  spec: EvaluationSpec,
  one: Case,
  part: Part,
  context: EvaluationContext,
): Promise<Record<string, Results>> {
  const { thread, feeder, seed } = context
  const { length, batches, rows, close } =
    part.data === null ? randomBatches(spec, one, context) : await allRows(part, part.data, context)
  const stage = `evaluate/${spec.name}`
  const unread = new Set<number>()
  const feed = (batch: number): Promise<HostTensors> => {
    const leftOut = (at: number): unknown => unread.add(batch * part.rows + at)
    const place = { seed, stage, step: batch, micro: 0 }
    return feeder.feeds(part.graph, { ...place, rows: rows(batch), hyper: noHyper, leftOut })
  }
  const collected = new Map<string, Collected>()
  await thread.call('openGraph', [part.graph, linked(part, context), context.settings])
  try {
    let feeds = await feed(0)
    for (let batch = 0; batch < batches; batch++) {
      context.onBatch(batch, batches)
      const running = thread.call('runGraph', [feeds], buffersOf(feeds))
      // The next batch is made while this one runs.
      const next = batch + 1 < batches ? feed(batch + 1) : feeds
      const { results, buffers } = await running
      feeder.reuse(buffers)
      feeds = await next
      for (const { name, role } of part.graph.outputs) {
        const tensor = results[name]
        if (role.kind !== 'result' || !tensor) continue
        const into = collected.get(role.name) ?? new Collected(length, part.data === null, tensor)
        collected.set(role.name, into)
        into.add(batch, tensor)
      }
    }
  } finally {
    await close()
    await thread.call('closeGraph', [])
  }
  const counted = part.data === null ? new Set<number>() : unread
  return Object.fromEntries([...collected].map(([name, all]) => [name, all.without(counted)]))
}

/** Every row once, in order; the last batch is filled up with the last row, whose repetitions are cut off again. */
async function allRows(part: Part, name: string, { data }: EvaluationContext) {
  const open = data.get(name)
  if (!open) throw new Error(`data ${name} is not open`)
  const table = await open.all()
  const { length } = table
  const index = (batch: number, i: number): number => Math.min(batch * part.rows + i, length - 1)
  const rows = (batch: number) => (_: OpenData, size: number) =>
    table.samples(Array.from({ length: size }, (_, i) => ({ index: index(batch, i), epoch: 0 })))
  return { length, batches: Math.ceil(length / part.rows), rows, close: async () => undefined }
}

/** A number of batches of all data that the graph reads, in the shuffled order of training. */
function randomBatches(spec: EvaluationSpec, { settings }: Case, { seed }: EvaluationContext) {
  const { batches } = settings
  if (typeof batches !== 'number') throw new Error(`evaluation ${spec.name} has no number of batches`)
  const orders = new Map<OpenData, Batches>()
  const rows = (batch: number) => (data: OpenData, size: number) => {
    const order = orders.get(data) ?? new Batches(data.rows, { seed, data: data.spec.name, ...alone })
    orders.set(data, order)
    return order.batch(batch, size)
  }
  const close = async (): Promise<void> => {
    for (const order of orders.values()) await order.close()
  }
  return { length: batches, batches, rows, close }
}

const linked = ({ graph }: Part, { files, weights }: EvaluationContext): Uint8Array => {
  const model = files.get(graph.file)
  if (!model) throw new Error(`no file ${graph.file}`)
  return link(model, weights.bindings(graph, 'measured'))
}

const noHyper = (): number => {
  throw new Error('an evaluation has no optimizer')
}

/** One result over all batches: rows put one after the other, or whole batches. */
class Collected {
  readonly results: Results
  private readonly width: number

  constructor(
    private readonly length: number,
    private readonly wholeBatches: boolean,
    first: HostTensor,
  ) {
    const row = wholeBatches ? first.shape : first.shape.slice(1)
    this.width = elementCount(row)
    this.results = { shape: [length, ...row], data: new Float32Array(length * this.width) }
  }

  /** The results of rows that could be read. */
  without(unread: ReadonlySet<number>): Results {
    const { shape, data } = this.results
    const kept = Array.from({ length: this.length }, (_, row) => row).filter((row) => !unread.has(row))
    if (kept.length === this.length) return this.results
    const out = new Float32Array(kept.length * this.width)
    kept.forEach((row, to) =>
      out.set(data.subarray(row * this.width, (row + 1) * this.width), to * this.width),
    )
    return { shape: [kept.length, ...shape.slice(1)], data: out }
  }

  add(batch: number, tensor: HostTensor): void {
    const rows = this.wholeBatches ? 1 : (tensor.shape[0] ?? 1)
    const start = batch * rows
    const kept = Math.min(rows, this.length - start)
    this.results.data.set(toFloat32(tensor).subarray(0, kept * this.width), start * this.width)
  }
}
