import type { Manifest } from '../artefact/manifest.js'
import type { StageSpec } from '../artefact/stages.js'
import { hyperAt } from './hyper.js'

/** Something by which two computations differ. */
export interface Difference {
  readonly what: string
  readonly was: string
  readonly is: string
}

/**
 * By what a pipeline would not give the bits that a run of another one has been on its way to; none where it goes on
 * exactly. `reached` says how far each stage has been trained: what has not begun may be any. Evaluations, monitors,
 * exports and how often checkpoints are written alter nothing; a stage may become longer where no rate that was used
 * would have been another.
 */
export function differences(
  was: Manifest,
  now: Manifest,
  reached: ReadonlyMap<string, number>,
): readonly Difference[] {
  const begun = was.stages.filter(({ name }) => reached.has(name))
  const last = was.stages.findLastIndex(({ name }) => reached.has(name))
  const orders = [was, now].map(({ stages }) => stages.slice(0, last + 1).map(({ name }) => name))
  const found = changes({ stages: orders[0] }, { stages: orders[1] })
  if (found.length > 0) return found
  /** Stages that become longer, and those that will be trained anew because they follow from one. */
  const longer = new Set<string>()
  return begun.flatMap((before) => {
    const after = now.stages.find(({ name }) => name === before.name)
    if (!after || after.hash === before.hash) return []
    const others = changes(factsOf(was, before), factsOf(now, after))
    if (others.length > 0) return [...paramChanges(was, now), ...others]
    if (before.steps === after.steps && !before.after.some((name) => longer.has(name)))
      return [{ what: `compiled stage \`${before.name}\``, was: short(before.hash), is: short(after.hash) }]
    longer.add(before.name)
    return ratesUntil(reached.get(before.name) ?? 0, before, after)
  })
}

/** All that decides the results of a stage but its length; rather too much than too little. */
function factsOf(
  { compiler, target, models, adapters, data, evaluations, files }: Manifest,
  stage: StageSpec,
) {
  const { name, keep_best, stop, on_nonfinite, measures, updates } = stage
  const watched = new Set([keep_best, stop].flatMap((metric) => metric?.evaluation ?? []))
  const named = <T extends { readonly name: string }>(list: readonly T[]) =>
    Object.fromEntries(list.map(({ name: key, ...rest }) => [`\`${key}\``, rest]))
  return {
    compiler,
    target,
    model: named(models.map(({ files: _files, config: _config, ...model }) => model)),
    adapter: named(adapters),
    data: named(data),
    evaluation: named(evaluations.filter((e) => watched.has(e.name))),
    [`stage \`${name}\``]: {
      keep_best,
      stop,
      on_nonfinite,
      measures: named(
        measures
          .filter(({ evaluation }) => watched.has(evaluation))
          .map(({ evaluation, every }) => ({ name: evaluation, every })),
      ),
      updates: updates.map(({ graphs, ...update }) => ({
        ...update,
        graph: [graphs.step, graphs.micro, graphs.prologue].map((graph) => graph && files[graph.file]),
      })),
    },
  }
}

/** Params explain what else has changed. */
const paramChanges = (was: Manifest, now: Manifest): readonly Difference[] =>
  [...new Set([...Object.keys(was.params), ...Object.keys(now.params)])].flatMap((name) =>
    changes({ [`param \`${name}\``]: was.params[name] }, { [`param \`${name}\``]: now.params[name] }),
  )

/** Two optimizers' scalars are compared at every step that was taken. */
function ratesUntil(step: number, was: StageSpec, now: StageSpec): readonly Difference[] {
  for (const [index, update] of was.updates.entries()) {
    const after = now.updates[index]
    if (!after) throw new Error(`${now.name} has fewer updates`)
    for (let k = 1; k <= step * update.times; k++) {
      const [a, b] = [
        hyperAt(update, k, was.steps * update.times),
        hyperAt(after, k, now.steps * update.times),
      ]
      const group = a.findIndex(({ lr }, g) => lr !== b[g]?.lr)
      if (group < 0) continue
      const [before, is] = [a[group], b[group]].map((h) => String(h?.lr))
      return [
        { what: `length of stage \`${was.name}\``, was: `${was.steps} steps`, is: `${now.steps} steps` },
        { what: `learning rate of its step ${Math.ceil(k / update.times)}`, was: before ?? '', is: is ?? '' },
      ]
    }
  }
  return []
}

/** The leaves by which two values differ, called by the way to them. */
function changes(was: unknown, now: unknown, path = ''): readonly Difference[] {
  if (isTree(was) && isTree(now)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(now)])]
    return keys.flatMap((key) => {
      const of = (tree: object): unknown => (tree as Readonly<Record<string, unknown>>)[key]
      return changes(of(was), of(now), path === '' ? key : `${path}.${key}`)
    })
  }
  if (Object.is(was, now)) return []
  return [{ what: path, was: short(was), is: short(now) }]
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null

function short(value: unknown): string {
  if (value === undefined || value === null) return 'absent'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 12)}...` : text
}
