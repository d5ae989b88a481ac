import type { Graph } from '../../graph/graph.js'
import { hash } from '../../graph/hash.js'
import { canonical } from '../../json/canonical.js'
import { parametersOf } from '../../graph/parameters.js'
import { slice } from '../../graph/rewrite.js'
import { dataOf, drawsOf, objectiveOf } from '../../graph/roles.js'
import { sha256 } from '../../graph/sha256.js'
import type { Lowered, LoweredStage } from '../4-lower/lowered.js'
import { parameterName } from '../8-schedule/names.js'

/**
 * The identity of each stage: equal hashes, equal results. It covers the graph of what is minimised (with the names
 * of its draws), the parameters it reads and how they start, the data, the optimizer, the schedule, the seed, the
 * target, the compiler, and the stages whose models it reads; not monitors, evaluations or names of values.
 */
export function stageHashes(lowered: Lowered, target: string, version: string): readonly string[] {
  const hashes: string[] = []
  const copies = originals(lowered.models)
  for (const stage of lowered.stages) {
    const graph = slice(stage.graph, objectiveOf(stage.graph))
    const data = dataOf(graph)
    const own = parameterNames(graph)
    for (const { model, path } of [...stage.trained, ...stage.states]) own.add(parameterName(model, path))
    const read = withOriginals(lowered.models, own)
    const before = hashes.filter((_, i) => lowered.stages[i] && changes(lowered.stages[i], copies, read))
    hashes.push(
      sha256(
        canonical({
          version,
          target,
          seed: lowered.seed,
          name: stage.name,
          graph: hash(graph),
          draws: Object.fromEntries(drawsOf(graph)),
          parameters: lowered.models.flatMap((m) =>
            m.parameters.flatMap((p) =>
              read.has(`${m.name}/${p.path}`)
                ? [{ model: m.name, from: m.from, as: m.as ?? undefined, ...p }]
                : [],
            ),
          ),
          data: lowered.data.filter(({ name }) => data.has(name)),
          trained: stage.trained.map(({ model, path, group }) => ({ model, path, group })),
          states: stage.states.length > 0 ? stage.states : undefined,
          // Field by field: a group also knows its place in the source.
          groups: stage.groups.map(({ optimizer, settings, schedule, scheduleSettings }) => ({
            optimizer,
            settings,
            schedule,
            scheduleSettings,
          })),
          steps: stage.steps,
          accumulate: stage.accumulate,
          exact: stage.exact?.count,
          chunk: stage.chunk?.rows,
          clip_norm: stage.clipNorm,
          ema: stage.ema ?? undefined,
          before,
        }),
      ),
    )
  }
  return hashes
}

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
  const changed = [...stage.trained, ...stage.states].map(({ model, path }) => parameterName(model, path))
  const begun = [...parameterNames(stage.graph)].filter((name) => copies.has(name))
  return [...changed, ...begun].some((name) => read.has(name))
}
