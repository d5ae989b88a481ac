import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { lockLost, lockTaken, runLocked } from '../diagnostics/catalogue/run-folder.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { Lease } from './lease.js'

export const lockFile = 'lock'

/** The file `lock` of a run's folder keeps two processes from one run. */
export class RunLock {
  private constructor(
    private readonly directory: string,
    private readonly lease: Lease,
    /** The outermost folder that was made for it. */
    private readonly made: string | undefined,
    private readonly span: Span,
  ) {}

  /** Throws UserError where another process works in the folder. */
  static take(directory: string, span: Span, onWarning: (warning: Diagnostic) => void): RunLock {
    const made = mkdirSync(directory, { recursive: true })
    const lease = Lease.take(join(directory, lockFile), {
      onTaken: (gone) => onWarning(lockTaken(span, gone)),
    })
    if (lease instanceof Lease) return new RunLock(directory, lease, made, span)
    throw new UserError(runLocked(span, { folder: directory, ...lease }))
  }

  /** Throws UserError where another process has taken the run over, because this one had stood still for long. */
  check(): void {
    const { lostTo } = this.lease
    if (lostTo) throw new UserError(lockLost(this.span, { folder: this.directory, ...lostTo }))
  }

  release(): void {
    this.lease.release()
    removeMade(this.directory, this.made)
  }
}

/** Removes folders that were made and hold nothing. */
function removeMade(directory: string, made: string | undefined): void {
  if (made === undefined) return
  for (let at = directory; existsSync(at); at = dirname(at)) {
    try {
      rmdirSync(at)
    } catch {
      return
    }
    if (at === made) return
  }
}
