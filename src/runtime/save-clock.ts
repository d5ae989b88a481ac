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
  /** Whether the checkpoint that is being written is what the file asks for. */
  private answers = false

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
      (!this.answers && existsSync(this.file))
    )
  }

  /** Notes that a checkpoint is begun. */
  begun(): void {
    this.last = performance.now()
    this.seen = this.requests.count
    this.answers = existsSync(this.file)
  }

  /** Notes that it stands; the file that asked for it goes. */
  saved(): void {
    if (this.answers) rmSync(this.file, { force: true })
    this.answers = false
  }

  /** Notes that there was no room: the next one is due in a minute. */
  later(): void {
    this.begun()
    this.saved()
    this.last -= Math.max(0, this.minutes - 1) * 60_000
  }

  private get file(): string {
    return this.folder.path('save')
  }
}
