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
  for (const stage of lowered.stages) {
    const graph = slice(stage.graph, objectiveOf(stage.graph))
    const data = dataOf(graph)
    const read = parameterNames(graph)
    for (const t of stage.trained) read.add(`${t.model}/${t.path}`)
    const before = hashes.filter((_, i) => lowered.stages[i] && changes(lowered.stages[i], read))
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

const changes = (stage: LoweredStage, read: ReadonlySet<string>): boolean =>
  stage.trained.some((t) => read.has(`${t.model}/${t.path}`))
