import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { readFileSync } from '../disk.js'
import { partOf } from '../durable.js'
import { parsed } from '../json/parsed.js'
import { naming } from '../faults/system-fault.js'

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  since: z.string(),
  token: z.string(),
  /** Whether a cluster has started it, which then ends it too. */
  isJob: z.boolean().default(false),
  /** What tells the process from a later one of its number; absent where the system does not say. */
  process: z.string().optional(),
})
/** Who works on something. */
export type Holder = z.infer<typeof holderSchema>

/** How often a holder says that it is alive, and how long it may be silent, in milliseconds. */
const beat = 5_000
const silence = 60_000

interface TakeSettings {
  /** Hears of whom the lease is taken over from. */
  readonly onTaken?: (gone: Holder) => void
  /** Whether a cluster has started this process. */
  readonly isJob?: boolean
}

/** The leases of this process. */
const held = new Set<string>()

/**
 * The right to work on something, held by one process at a time, of any machine that sees the folder: a file with who
 * holds it, whose time of change is its pulse. One whose process has ended on this machine, or that has been silent for
 * a minute, is taken over; but no process that is seen to run here, which may be busy for long without a pulse. Times
 * are those of the file system, since clocks of machines differ.
 */
export class Lease {
  private readonly timer = setInterval(() => this.pulse(), beat).unref()

  private constructor(
    private readonly file: string,
    private readonly own: Holder,
    private readonly handle: number,
  ) {
    held.add(own.token)
  }

  /** Takes a lease, or says who holds it. */
  static take(file: string, how: TakeSettings = {}): Lease | Holder {
    const { onTaken, isJob = false } = how
    const since = new Date().toISOString()
    const { pid } = process
    const own = { pid, host: hostname(), since, token: randomUUID(), isJob, process: identityOf(pid) }
    const mine = partOf(file)
    const handle = openSync(mine, 'wx')
    try {
      naming(mine, () => writeSync(handle, JSON.stringify(own)))
      while (!linked(mine, file)) {
        const holder = holderOf(file)
        if (holder && isAlive(holder, ageOf(file, mine))) {
          closeSync(handle)
          return holder
        }
        if (takeAway(file, holder) && holder) onTaken?.(holder)
      }
      return new Lease(file, own, handle)
    } catch (error) {
      closeSync(handle)
      // whoever holds the lease may remove parts as remains
      if (isCode(error, 'ENOENT') && !existsSync(mine)) return Lease.take(file, how)
      throw error
    } finally {
      rmSync(mine, { force: true })
    }
  }

  /** Takes a lease when nobody holds it any more; `onWait` hears once of who does. */
  static async awaited(
    file: string,
    {
      every,
      signal,
      onWait,
    }: {
      /** Milliseconds between looks. */
      readonly every: number
      readonly signal?: AbortSignal | undefined
      readonly onWait?: (holder: Holder) => void
    },
  ): Promise<Lease> {
    for (let told = false; ; told = true) {
      const lease = Lease.take(file)
      if (lease instanceof Lease) return lease
      if (!told) onWait?.(lease)
      await sleep(every, undefined, signal ? { signal } : {}).catch(() => undefined)
      signal?.throwIfAborted()
    }
  }

  /** Who has taken it over, because this process had been silent for long. */
  get lostTo(): Holder | undefined {
    const holder = holderOf(this.file)
    return holder?.token === this.own.token ? undefined : holder
  }

  release(): void {
    clearInterval(this.timer)
    held.delete(this.own.token)
    closeSync(this.handle)
    if (holderOf(this.file)?.token === this.own.token) rmSync(this.file, { force: true })
  }

  private pulse(): void {
    try {
      writeSync(this.handle, JSON.stringify(this.own), 0)
    } catch {
      // a disk that takes nothing is told by whoever has something to write
    }
  }
}

/** Who holds a lease and is alive, as far as this machine's clock is that of the disk. */
export function liveHolder(file: string): Holder | undefined {
  const holder = holderOf(file)
  const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {}
  return holder && mtimeMs !== undefined && isAlive(holder, Date.now() - mtimeMs) ? holder : undefined
}

/** A link is made or not; a file that is created could be seen before it says whose it is. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    if (!linkless.some((code) => isCode(error, code))) throw error
  }
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

/** How file systems say that they know no links. */
const linkless = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

function holderOf(file: string): Holder | undefined {
  try {
    return holderSchema.safeParse(parsed(readFileSync(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

/** How much older than another a file is, in milliseconds. */
const ageOf = (file: string, other: string): number =>
  statSync(other).mtimeMs - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity)

function isAlive({ pid, host, token, process: identity }: Holder, age: number): boolean {
  if (held.has(token)) return true
  if (host !== hostname()) return age < silence
  return (identity !== undefined && identity === identityOf(pid)) || (age < silence && runs(pid))
}

/** The system's start and, of a process, its own since then: no two processes of a machine share them and their number. */
function identityOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // behind the name, which may hold anything: state is the third field, the start the 22nd
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ended = state === 'Z' || state === 'X'
    return ended ? undefined : `${boot} ${fields[18]}`
  } catch {
    return undefined
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !isCode(error, 'ESRCH')
  }
}

/** Removes the lease of a holder that is gone; whether it was that one: another process may have been faster. */
function takeAway(file: string, gone: Holder | undefined): boolean {
  const aside = partOf(file)
  try {
    renameSync(file, aside)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
  const same = holderOf(aside)?.token === gone?.token
  if (!same) linked(aside, file)
  rmSync(aside, { force: true })
  return same
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === code
