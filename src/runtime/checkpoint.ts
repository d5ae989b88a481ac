import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { z } from 'zod'
import type { StageSpec } from '../artefact/stages.js'
import { nameSchema } from '../artefact/names.js'
import { cursorSchema } from './order/cursor.js'
import { inside } from '../inside.js'
import { type EvaluationTable, type RunFolder, writeWhole } from './run-folder.js'
import { endingOf, isWatched } from './validation.js'

const place = z.strictObject({ stage: nameSchema, step: z.int().positive() })

/** `state.json`: which state a checkpoint holds, and the sizes of its files. */
const stateSchema = z.strictObject({
  version: z.literal(2),
  manifest: z.string(),
  seed: z.int(),
  ...place.shape,
  /** Of monitors that record a share: steps at which they were due, and at which their condition held. */
  shares: z.record(z.string(), z.strictObject({ steps: z.int().nonnegative(), held: z.int().nonnegative() })),
  /** Where the streams among the data stand, by the data's name. */
  cursors: z.record(z.string(), cursorSchema),
  /** The stages before this one, with the steps they were trained. */
  previous: z.array(place),
  files: z.record(z.string(), z.int().nonnegative()),
})

export type Place = z.infer<typeof place>
export type CheckpointState = z.infer<typeof stateSchema>
export type Checkpoint = CheckpointState & { readonly directory: string }

/** The folder's name of a checkpoint, within the run's folder. */
export const checkpointName = ({ stage, step }: Place): string => join('checkpoints', `${stage}-${step}`)

/**
 * Writes a checkpoint: `write` puts the files into a temporary folder, which gets its name when it is complete. The
 * same state twice is written once.
 */
export async function saveCheckpoint(
  folder: RunFolder,
  state: Omit<CheckpointState, 'version' | 'files'>,
  write: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = folder.path(checkpointName(state))
  if (readCheckpoint(directory)) return directory
  const temporary = folder.path('checkpoints', `.${state.stage}-${state.step}.part`)
  rmSync(temporary, { recursive: true, force: true })
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  await write(temporary)
  const files = Object.fromEntries(
    readdirSync(temporary, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(temporary, name)).isFile())
      .map((name) => name.split(sep).join('/'))
      .sort()
      .map((name) => [name, statSync(join(temporary, name)).size]),
  )
  writeWhole(join(temporary, 'state.json'), `${JSON.stringify({ version: 2, ...state, files }, null, 2)}\n`)
  renameSync(temporary, directory)
  return directory
}

/** The complete checkpoints of a run. */
export function listCheckpoints(folder: RunFolder): readonly Checkpoint[] {
  const root = folder.path('checkpoints')
  if (!existsSync(root)) return []
  return readdirSync(root).flatMap((name) => readCheckpoint(join(root, name)) ?? [])
}

/**
 * Removes the checkpoints of a stage that nothing asks for: of those that measurements needed all but the newest and the
 * best, and with `keep last n` all but the last n.
 */
export function pruneCheckpoints(
  folder: RunFolder,
  { name, measures, save_every: every, keep_last: last }: StageSpec,
  best: number | undefined,
): void {
  if (measures.length === 0 && last === null) return
  const own = listCheckpoints(folder)
    .filter(({ stage }) => stage === name)
    .sort((a, b) => b.step - a.step)
  for (const [age, { step, directory }] of own.entries()) {
    const wanted = last === null ? every !== null && step % every === 0 : age < last
    if (age > 0 && step !== best && !wanted) rmSync(directory, { recursive: true })
  }
}

/** A checkpoint that is whole. */
export function readCheckpoint(directory: string): Checkpoint | undefined {
  const file = join(directory, 'state.json')
  if (!existsSync(file)) return undefined
  const { data } = stateSchema.safeParse(parse(readFileSync(file, 'utf8')))
  if (!data) return undefined
  const whole = Object.entries(data.files).every(([name, size]) => {
    const path = inside(directory, name)
    return existsSync(path) && statSync(path).size === size
  })
  return whole ? { ...data, directory } : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

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

/** Finds where to go on when the stages are to be trained for `steps` each. */
export function findProgress(
  checkpoints: readonly Checkpoint[],
  stages: readonly { readonly stage: StageSpec; readonly steps: number }[],
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
      .sort((a, b) => b.step - a.step)[0]
    break
  }
  return { done, within, stale: checkpoints.filter((c) => !valid.has(c)), beyond }
}

const samePlaces = (a: readonly Place[], b: readonly Place[]): boolean =>
  a.length === b.length && a.every((p, i) => p.stage === b[i]?.stage && p.step === b[i].step)
