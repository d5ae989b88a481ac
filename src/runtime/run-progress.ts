import type { StageSpec } from '../artefact/stages.js'
import { type Checkpoint, type Damaged, type Place, damageOf, listCheckpoints } from './checkpoint.js'
import type { EvaluationTable } from '../report/evaluation-table.js'
import type { RunFolder } from './run-folder.js'
import { bestSoFar, endingOf, isMeasuredBefore, isWatched, stepOfMoment } from './validation.js'

/** The checkpoint with whose values a stage has ended, and the last step that it trained. */
export type Finished = Checkpoint & { readonly at: number }

/** How far a run is: finished stages in order, and the checkpoint inside the one that comes next. */
export interface Progress {
  readonly done: readonly Finished[]
  readonly within: Checkpoint | undefined
  /** Checkpoints that follow from earlier stages of another length than now wanted. */
  readonly stale: readonly Checkpoint[]
  /** A checkpoint further on than its stage is now wanted to go. */
  readonly beyond: Checkpoint | undefined
}

type Stages = readonly { readonly stage: StageSpec; readonly steps: number }[]

/** Finds where to go on by checkpoints of which every bit is read; those that are damaged are as if they were not. */
export async function findIntact(
  folder: RunFolder,
  seed: number,
  stages: Stages,
): Promise<{ readonly progress: Progress; readonly damaged: readonly Damaged[] }> {
  const listed = listCheckpoints(folder)
  const damaged = [...listed.damaged]
  let whole = listed.whole
  const intact = new Set<Checkpoint>()
  for (;;) {
    const progress = findProgress(whole, stages, folder.evaluations)
    const needed = [...progress.done, ...(progress.within ? [progress.within] : [])]
    const next = whole.find(
      (c) => !intact.has(c) && needed.some(({ directory }) => directory === c.directory),
    )
    if (!next) return { progress, damaged }
    const problem =
      next.seed === seed
        ? await damageOf(next)
        : { directory: next.directory, problem: `it is that of a run with seed ${next.seed}` }
    if (problem) {
      damaged.push(problem)
      whole = whole.filter((c) => c !== next)
    } else intact.add(next)
  }
}

/** Finds where to go on when the stages are to be trained for `steps` each. */
export function findProgress(
  checkpoints: readonly Checkpoint[],
  stages: Stages,
  table: EvaluationTable,
): Progress {
  const done: Finished[] = []
  let within: Checkpoint | undefined
  let beyond: Checkpoint | undefined
  const valid = new Set<Checkpoint>()
  for (const { stage, steps } of stages) {
    const own = checkpoints.filter((c) => c.stage === stage.name && samePlaces(c.previous, done))
    own.forEach((c) => valid.add(c))
    beyond ??= own.find((c) => c.step > steps)
    const watched = isWatched(stage)
    const ending = watched ? endingOf(stage, steps, table) : { at: steps, with: steps }
    const end = own.find((c) => c.step === ending?.with)
    if (end && ending) {
      done.push({ ...end, at: ending.at })
      continue
    }
    within = own
      .filter((c) => c.step < steps || (watched && c.step === steps))
      .filter((c) => isMeasuredBefore(stage, c.step, table) && hasBest(stage, c, own, table))
      .sort((a, b) => b.step - a.step)[0]
    break
  }
  return { done, within, stale: checkpoints.filter((c) => !valid.has(c)), beyond }
}

/** Whether the values that had measured best when a checkpoint was written are still there to end with. */
function hasBest(
  stage: StageSpec,
  { step }: Checkpoint,
  own: readonly Checkpoint[],
  table: EvaluationTable,
): boolean {
  const until = Object.entries(table).filter(
    ([moment]) => (stepOfMoment(stage.name, moment) ?? Infinity) <= step,
  )
  const best = bestSoFar(stage, Object.fromEntries(until))
  return best === undefined || own.some((c) => c.step === best)
}

const samePlaces = (a: readonly Place[], b: readonly Place[]): boolean =>
  a.length === b.length && a.every((p, i) => p.stage === b[i]?.stage && p.step === b[i].step)
