import { existsSync, mkdirSync } from 'node:fs'
import { z } from 'zod'
import { readFileSync } from '../disk.js'
import { inside } from '../inside.js'
import { Lease, type Holder, liveHolder } from '../runtime/lease.js'
import { writeWhole } from '../durable.js'
import { seal, unseal } from '../sealed.js'
import type { Cell } from './experiment.js'

/** How a run of an experiment ended, as it is kept beside its folder. */
const outcomeSchema = z.strictObject({
  status: z.enum(['done', 'failed', 'interrupted']),
  /** What went wrong, as it was told. */
  errors: z.array(z.strictObject({ code: z.string(), message: z.string() })),
})
export type Outcome = z.infer<typeof outcomeSchema>

/**
 * Where a run stands: not begun; going on in some process; ended; ended with an error, which would come again; stopped,
 * to be gone on with; or gone, its process ended without a word, to be gone on with too.
 */
export type State =
  | { readonly kind: 'pending' }
  | { readonly kind: 'running'; readonly holder: Holder }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly errors: Outcome['errors'] }
  /** With what of the machine was in the way, if that stopped it. */
  | { readonly kind: 'interrupted'; readonly errors: Outcome['errors'] }
  | { readonly kind: 'lost' }

const fileOf = (directory: string, { folder }: Cell, ending: string): string =>
  inside(directory, 'states', `${folder.replaceAll('/', ',')}.${ending}`)

/** Whether runs of the experiment of a folder were begun there, and it is not what `dcrc compile` left. */
export const isBegun = (directory: string): boolean => existsSync(inside(directory, 'states'))

function outcomeOf(directory: string, cell: Cell): Outcome | undefined {
  const file = fileOf(directory, cell, 'json')
  return existsSync(file) ? outcomeSchema.safeParse(unseal(readFileSync(file, 'utf8'))).data : undefined
}

/** Whether a run has come to an end of its own, so that nobody begins it again or goes on with it. */
function hasEnded(directory: string, cell: Cell): boolean {
  const outcome = outcomeOf(directory, cell)
  return outcome !== undefined && outcome.status !== 'interrupted'
}

/** Where a run stands, by what its processes have left. */
export function stateOf(directory: string, cell: Cell): State {
  const holder = liveHolder(fileOf(directory, cell, 'lease'))
  if (holder) return { kind: 'running', holder }
  // read after the lease: a run is settled before it is released
  const found = outcomeOf(directory, cell)
  if (found) return found.status === 'done' ? { kind: 'done' } : { kind: found.status, errors: found.errors }
  return existsSync(inside(directory, cell.folder)) ? { kind: 'lost' } : { kind: 'pending' }
}

/** Whether there is nothing left to do of a run, by where it stands. */
export const isOver = ({ kind }: State): boolean => kind === 'done' || kind === 'failed'

/**
 * The right to run a cell, for this process alone, which may be a job of a cluster; nothing where another has it, or the
 * cell has ended.
 */
export function claim(directory: string, cell: Cell, isJob = false): Lease | undefined {
  if (hasEnded(directory, cell)) return undefined
  mkdirSync(inside(directory, 'states'), { recursive: true })
  const lease = Lease.take(fileOf(directory, cell, 'lease'), { isJob })
  if (!(lease instanceof Lease)) return undefined
  // between the look and the lease its holder may have ended it
  if (!hasEnded(directory, cell)) return lease
  lease.release()
  return undefined
}

export const settle = (directory: string, cell: Cell, outcome: Outcome): void =>
  writeWhole(fileOf(directory, cell, 'json'), seal(outcome))
