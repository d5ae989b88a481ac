import { trainedBeside } from '../../artefact/models.js'
import type { Graph } from '../../graph/graph.js'
import { hash } from '../../graph/hash.js'
import { canonical } from '../../json/canonical.js'
import { parametersOf } from '../../graph/parameters.js'
import { slice } from '../../graph/rewrite.js'
import { dataOf, drawsOf, objectiveOf } from '../../graph/roles.js'
import { sha256 } from '../../graph/sha256.js'
import {
  type Lowered,
  type LoweredStage,
  type LoweredUpdate,
  dataRead,
  withoutReferences,
} from '../4-lower/lowered.js'
import { parameterName } from '../8-schedule/names.js'

export interface StageIdentity {
  readonly hash: string
  /** The earlier stages from whose values it follows. */
  readonly after: readonly string[]
}

/**
 * The identity of each stage: with equal hashes, seeds, weights and data its results are equal. It covers the graph of
 * what is minimised (with the names of its draws), the parameters it reads or writes and how they start, the data, the
 * optimizer, the schedule, the target, the compiler, and the stages whose models it reads; not monitors, evaluations or
 * names of values.
 */
export function stageIdentities(lowered: Lowered, target: string, version: string): readonly StageIdentity[] {
  const found: StageIdentity[] = []
  const copies = originals(lowered.models)
  for (const stage of lowered.stages) {
    const graphs = stage.updates.map(objectiveGraph)
    const data = new Set(graphs.flatMap((graph) => [...dataOf(graph)]))
    const own = new Set(graphs.flatMap((graph) => [...parameterNames(graph)]))
    for (const name of writtenBy(stage, lowered)) own.add(name)
    const read = withOriginals(lowered.models, own)
    const after = lowered.stages
      .slice(0, found.length)
      .flatMap((s) => (changes(s, copies, read) ? [s.name] : []))
    const before = found
      .filter((_, i) => after.includes(lowered.stages[i]?.name ?? ''))
      .map(({ hash: h }) => h)
    found.push({
      after,
      hash: sha256(
        canonical({
          version,
          target,
          name: stage.name,
          parameters: inOrderOfNames(lowered.models).flatMap((m) =>
            m.parameters.flatMap((p) =>
              read.has(`${m.name}/${p.path}`)
                ? [{ model: m.name, from: m.from, strip: m.strip, keys: m.keys, as: m.as ?? undefined, ...p }]
                : [],
            ),
          ),
          data: inOrderOfNames(lowered.data.filter(({ name }) => data.has(name))),
          steps: stage.steps,
          before,
          on_nonfinite: stage.onNonfinite === 'stop' ? undefined : stage.onNonfinite,
          ...ending(stage, lowered),
          ...round(stage),
        }),
      ),
    })
  }
  return found
}

/** The order of declarations decides nothing. */
const inOrderOfNames = <T extends { readonly name: string }>(declared: readonly T[]): readonly T[] =>
  declared.toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** `<model>/<path>` of what a checkpoint of a stage holds: whole models, and what adapters bring of them. */
function writtenBy(stage: LoweredStage, { models, adapters }: Lowered): readonly string[] {
  const changed = new Set(stage.updates.flatMap((u) => [...u.trained, ...u.states].map(({ model }) => model)))
  return [
    ...changedBy(stage),
    ...models.flatMap(({ name, parameters }) =>
      changed.has(name) ? parameters.map(({ path }) => parameterName(name, path)) : [],
    ),
    ...adapters.flatMap((adapter) =>
      changed.has(adapter.name)
        ? [...trainedBeside(adapter)].map((path) => parameterName(adapter.model, path))
        : [],
    ),
  ]
}

/** What decides with which of its values a stage ends, and when: the evaluations by which, with their data and cadence. */
function ending(
  { keepBest, stop, measures }: LoweredStage,
  { evaluations, data }: Lowered,
): { readonly ending?: object } {
  const names = new Set([keepBest, stop].flatMap((watched) => watched?.evaluation ?? []))
  if (names.size === 0) return {}
  const measured = evaluations.filter(({ name }) => names.has(name)).map(withoutReferences)
  const read = new Set(measured.flatMap((e) => [...dataRead(e)]))
  return {
    ending: {
      keepBest,
      stop,
      measures: measures.filter(({ evaluation }) => names.has(evaluation)),
      evaluations: measured.map(({ name, kind, cases }) => ({
        name,
        kind,
        cases: cases.map((c) => ({
          name: c.name,
          settings: c.settings,
          parts: c.parts.map(({ group, data: own, rows, graph }) => ({
            group,
            data: own,
            rows,
            graph: hash(graph),
            draws: Object.fromEntries(drawsOf(graph)),
          })),
        })),
      })),
      data: data.filter(({ name }) => read.has(name)),
    },
  }
}

/** What a step of a stage does: its one update, or several in turn. */
function round({ updates }: LoweredStage) {
  const [only] = updates
  if (updates.length === 1 && only?.name === null) return identityOf(only)
  return { updates: updates.map((u) => ({ name: u.name, times: u.times, ...identityOf(u) })) }
}

const objectiveGraph = ({ graph }: LoweredUpdate): Graph => slice(graph, objectiveOf(graph))

function identityOf(update: LoweredUpdate) {
  const graph = objectiveGraph(update)
  return {
    graph: hash(graph),
    draws: Object.fromEntries(drawsOf(graph)),
    trained: update.trained.map(({ model, path, group }) => ({ model, path, group })),
    states: update.states.length > 0 ? update.states : undefined,
    // Field by field: a group also knows its place in the source.
    groups: update.groups.map(({ optimizer, settings, schedule, scheduleSettings }) => ({
      optimizer,
      settings,
      schedule,
      scheduleSettings,
    })),
    accumulate: update.accumulate,
    exact: update.exact?.count,
    chunk: update.chunk?.rows,
    clip_norm: update.clipNorm,
    ema: update.ema ?? undefined,
  }
}

/** `<model>/<path>` of what a stage changes. */
const changedBy = ({ updates }: LoweredStage): readonly string[] =>
  updates.flatMap(({ trained, states }) =>
    [...trained, ...states].map(({ model, path }) => parameterName(model, path)),
  )

/** `<model>/<path>` of the parameters that a graph reads. */
export const parameterNames = (graph: Graph): Set<string> =>
  new Set([...parametersOf(graph)].map(({ source: { model, path } }) => parameterName(model, path)))

/** What copies start as, by `<model>/<path>`. */
const originals = (models: Lowered['models']): ReadonlyMap<string, string> =>
  new Map(
    models.flatMap(({ name, parameters }) =>
      parameters.flatMap(({ path, init }): [string, string][] =>
        init.kind === 'copy' ? [[parameterName(name, path), parameterName(init.model, init.path)]] : [],
      ),
    ),
  )

/** Parameters, and those whose values copies among them take when they begin. */
export function withOriginals(models: Lowered['models'], read: Iterable<string>): Set<string> {
  const copies = originals(models)
  return new Set([...read].flatMap((name) => [name, copies.get(name) ?? name]))
}

/** Whether a stage changes a parameter, or is perhaps the one with which a copy begins. */
function changes(
  stage: LoweredStage,
  copies: ReadonlyMap<string, string>,
  read: ReadonlySet<string>,
): boolean {
  const begun = stage.updates.flatMap(({ graph }) =>
    [...parameterNames(graph)].filter((name) => copies.has(name)),
  )
  return [...changedBy(stage), ...begun].some((name) => read.has(name))
}
