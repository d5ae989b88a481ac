import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../disk.js'
import { nameSchema } from '../artefact/names.js'
import type { StageSpec } from '../artefact/stages.js'
import { beside } from '../durable.js'
import { inside } from '../inside.js'
import { seal, unseal } from '../sealed.js'
import { cursorSchema } from './order/cursor.js'
import { type RunFolder, linesSumSchema } from './run-folder.js'
import { sumOf, sumSchema, sumsIn } from './sums.js'

const place = z.strictObject({ stage: nameSchema, step: z.int().positive() })

/** `state.json`: which state a checkpoint holds, and the sums of its files. */
const stateSchema = z.strictObject({
  version: z.literal(3),
  manifest: z.string(),
  seed: z.int(),
  ...place.shape,
  /** Of monitors that record a share: steps at which they were due, and at which their condition held. */
  shares: z.record(z.string(), z.strictObject({ steps: z.int().nonnegative(), held: z.int().nonnegative() })),
  /** Where the streams among the data stand, by the data's name. */
  cursors: z.record(z.string(), cursorSchema),
  /** For how many steps in a row the loss was too high, and steps were skipped. */
  streaks: z.strictObject({ above: z.int().nonnegative(), skipped: z.int().nonnegative() }),
  /** The stages before this one, with the steps they were trained. */
  previous: z.array(place),
  /** Of the lines of metrics up to here. */
  metrics: linesSumSchema,
  files: z.record(z.string(), sumSchema),
})

export type Place = z.infer<typeof place>
export type CheckpointState = z.infer<typeof stateSchema>
export type Checkpoint = CheckpointState & { readonly directory: string }

/** A folder that was a checkpoint and is none any more. */
export interface Damaged {
  readonly directory: string
  readonly problem: string
}

const folderName = ({ stage, step }: Place): string => `${stage}-${step}`

/** The folder's name of a checkpoint, within the run's folder. */
export const checkpointName = (place: Place): string => join('checkpoints', folderName(place))

/** What stands under such a name is on its way in or out, and no checkpoint. */
const hidden = (name: string): boolean => name.startsWith('.')

/**
 * Writes a checkpoint: `write` puts the files into a hidden folder, which gets its name when all of it is on the disk. A
 * checkpoint is finished when it has its name; nothing else says so. Other work of this thread goes on meanwhile.
 */
export async function saveCheckpoint(
  folder: RunFolder,
  state: Omit<CheckpointState, 'version' | 'files'>,
  write: (directory: string) => Promise<void>,
): Promise<string> {
  const root = folder.path('checkpoints')
  const directory = folder.path(checkpointName(state))
  const temporary = join(root, `.${folderName(state)}.part`)
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  await write(temporary)
  const files = await sumsIn(temporary)
  for (const within of readdirSync(temporary, { withFileTypes: true }))
    if (within.isDirectory()) await beside.syncPath(join(temporary, within.name))
  await beside.writeWhole(join(temporary, 'state.json'), seal({ version: 3, ...state, files }))
  for (const log of folder.logs) await beside.syncPath(log)
  removeCheckpoint(directory)
  await beside.renameDurably(temporary, directory)
  return directory
}

/** Takes a checkpoint's name away before its files, so that what is left of it when the process ends is none. */
export function removeCheckpoint(directory: string): void {
  if (!existsSync(directory)) return
  const hiding = join(dirname(directory), `.${basename(directory)}.gone`)
  rmSync(hiding, { recursive: true, force: true })
  renameSync(directory, hiding)
  rmSync(hiding, { recursive: true })
}

/** Removes what a process left that was killed while it wrote or removed a checkpoint. */
export function removeHidden(folder: RunFolder): void {
  for (const name of namesIn(folder))
    if (hidden(name)) rmSync(folder.path('checkpoints', name), { recursive: true, force: true })
}

/** The checkpoints of a run whose files have their sizes, and folders that are none. */
export function listCheckpoints(folder: RunFolder): {
  readonly whole: readonly Checkpoint[]
  readonly damaged: readonly Damaged[]
} {
  const found = namesIn(folder)
    .filter((name) => !hidden(name))
    .map((name) => named(readCheckpoint(folder.path('checkpoints', name))))
  return {
    whole: found.flatMap((c) => ('problem' in c ? [] : [c])),
    damaged: found.flatMap((c) => ('problem' in c ? [c] : [])),
  }
}

function namesIn(folder: RunFolder): readonly string[] {
  const root = folder.path('checkpoints')
  return existsSync(root) ? readdirSync(root) : []
}

/** A checkpoint says itself whose it is; one in the place of another is none. */
function named(found: Checkpoint | Damaged): Checkpoint | Damaged {
  const { directory } = found
  return 'problem' in found || folderName(found) === basename(directory)
    ? found
    : { directory, problem: `its state.json is that of ${folderName(found)}` }
}

/** A checkpoint whose files have their sizes. */
export function readCheckpoint(directory: string): Checkpoint | Damaged {
  const file = join(directory, 'state.json')
  if (!existsSync(file)) return { directory, problem: 'it has no state.json' }
  const { data } = stateSchema.safeParse(unseal(readFileSync(file, 'utf8')))
  if (!data) return { directory, problem: 'its state.json is not as it was written' }
  for (const [name, { bytes }] of Object.entries(data.files)) {
    const size = statSync(inside(directory, name), { throwIfNoEntry: false })?.size
    if (size === undefined) return { directory, problem: `${name} is gone` }
    if (size !== bytes)
      return { directory, problem: `${name} has ${size} bytes, it was written with ${bytes}` }
  }
  return { ...data, directory }
}

/** What is wrong with the content of a checkpoint; undefined where every bit is as it was written. */
export async function damageOf({ directory, files }: Checkpoint): Promise<Damaged | undefined> {
  for (const [name, { crc32 }] of Object.entries(files)) {
    const found = await sumOf(inside(directory, name))
    if (found.crc32 !== crc32) return { directory, problem: `${name} is not as it was written` }
  }
  return undefined
}

/** Moves a damaged checkpoint to where nothing looks for one; where it lies now. */
export function setAside(folder: RunFolder, { directory }: Damaged): string {
  const to = folder.path('damaged', basename(directory))
  mkdirSync(folder.path('damaged'), { recursive: true })
  rmSync(to, { recursive: true, force: true })
  renameSync(directory, to)
  return to
}

/** Should the newest be damaged, there is one before it. */
const keptAnyway = 2

/**
 * Removes the checkpoints of a stage that nothing asks for: all but the newest two, the best and those that `save_every`
 * asks for; with `keep last n` all but the last n and the best.
 */
export function pruneCheckpoints(
  folder: RunFolder,
  { name, save_every: every, keep_last: last }: StageSpec,
  best: number | undefined,
): void {
  const own = listCheckpoints(folder)
    .whole.filter(({ stage }) => stage === name)
    .sort((a, b) => b.step - a.step)
  for (const [age, { step, directory }] of own.entries()) {
    const wanted = last === null ? age < keptAnyway || (every !== null && step % every === 0) : age < last
    if (!wanted && age > 0 && step !== best) removeCheckpoint(directory)
  }
}
