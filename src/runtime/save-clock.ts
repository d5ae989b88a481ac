import { existsSync, rmSync } from 'node:fs'
import type { RunFolder } from './run-folder.js'

/** Counts what the user asks for while runs go on: each of them writes a checkpoint. */
export class SaveRequests {
  count = 0
}

/** Says when a checkpoint is due that no clause of a stage asks for: after some time, when asked, by a file `save`. */
export class SaveClock {
  private last = performance.now()
  private seen: number

  constructor(
    private readonly folder: RunFolder,
    private readonly minutes: number,
    private readonly requests: SaveRequests,
  ) {
    this.seen = requests.count
  }

  get isDue(): boolean {
    return (
      performance.now() - this.last >= this.minutes * 60_000 ||
      this.requests.count > this.seen ||
      existsSync(this.file)
    )
  }

  /** Notes that a checkpoint was written. */
  saved(): void {
    this.last = performance.now()
    this.seen = this.requests.count
    rmSync(this.file, { force: true })
  }

  /** Notes that there was no room: the next one is due in a minute. */
  later(): void {
    this.saved()
    this.last -= Math.max(0, this.minutes - 1) * 60_000
  }

  private get file(): string {
    return this.folder.path('save')
  }
}
