import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'

const holderSchema = z.object({ pid: z.int(), host: z.string(), since: z.string(), token: z.string() })
/** Who works on something. */
export type Holder = z.infer<typeof holderSchema>

/** How often a holder says that it is alive, and how long it may be silent, in milliseconds. */
const beat = 5_000
const silence = 60_000

/**
 * The right to work on something, held by one process at a time, of any machine that sees the folder: a file with who
 * holds it, whose time of change is its pulse. One whose process has ended on this machine, or that has been silent for
 * a minute, is taken over.
 */
export class Lease {
  private readonly timer: NodeJS.Timeout

  private constructor(
    private readonly file: string,
    private readonly token: string,
  ) {
    this.timer = setInterval(() => this.pulse(), beat).unref()
  }

  /** Takes a lease, or says who holds it. */
  static take(file: string): Lease | Holder {
    const own: Holder = {
      pid: process.pid,
      host: hostname(),
      since: new Date().toISOString(),
      token: randomUUID(),
    }
    for (;;) {
      try {
        writeFileSync(file, JSON.stringify(own), { flag: 'wx' })
        return new Lease(file, own.token)
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error
      }
      const holder = holderOf(file)
      if (holder && isAlive(file, holder)) return holder
      if (holder) takeAway(file, holder)
      else if (isSilent(file)) rmSync(file, { force: true })
      else return { ...own, pid: 0, token: '' }
    }
  }

  private pulse(): void {
    try {
      if (holderOf(this.file)?.token === this.token) utimesSync(this.file, new Date(), new Date())
    } catch {
      // a folder that is away for a while; a lease that is lost is noticed by who takes it
    }
  }

  release(): void {
    clearInterval(this.timer)
    if (holderOf(this.file)?.token === this.token) rmSync(this.file, { force: true })
  }
}

/** Who holds a lease and is alive. */
export function liveHolder(file: string): Holder | undefined {
  const holder = holderOf(file)
  return holder && isAlive(file, holder) ? holder : undefined
}

function holderOf(file: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

function isAlive(file: string, { pid, host }: Holder): boolean {
  if (isSilent(file)) return false
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !isCode(error, 'ESRCH')
  }
}

const isSilent = (file: string): boolean => {
  const found = statSync(file, { throwIfNoEntry: false })
  return found !== undefined && Date.now() - found.mtimeMs > silence
}

/** Removes the lease of a holder that is gone, unless another has taken it over in the meantime. */
function takeAway(file: string, gone: Holder): void {
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  try {
    if (holderOf(aside)?.token !== gone.token) linkSync(aside, file)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === code
