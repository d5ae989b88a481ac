import { bytes } from '../diagnostics/units.js'
import type { HubFile, Selection } from '../hub/wanted-files.js'
import { type Lane, Screen, type TextStream } from '../runtime/screen.js'

/** Between two drawings of the line on a terminal, in milliseconds. */
const redraw = 200

/** What a fetch shows: a line that is drawn anew on a terminal, a line for each file elsewhere. */
export class FetchProgress {
  private readonly done = new Map<string, number>()
  private total = 0
  private shown = 0
  private readonly lane: Lane

  constructor(out: TextStream) {
    this.lane = new Screen(out).lane()
  }

  begin(id: string, { wanted, left }: Selection): void {
    this.total = wanted.reduce((sum, { size }) => sum + size, 0)
    const without = left.length > 0 ? `, without the weights of ${left.join(', ')}, which no model reads` : ''
    this.lane.say(`${id}: ${wanted.length} files, ${bytes(this.total)}${without}`)
  }

  /** A file that is there already is told of once, when it is whole. */
  show(file: HubFile, done: number): void {
    const whole = done >= file.size && this.done.get(file.path) !== file.size
    this.done.set(file.path, done)
    if (whole) this.lane.say(`  ${file.path}  ${bytes(file.size)}`)
    if (!this.lane.isTerminal || Date.now() - this.shown < redraw) return
    this.shown = Date.now()
    const sum = [...this.done.values()].reduce((a, b) => a + b, 0)
    this.lane.draw(`${bytes(sum)} of ${bytes(this.total)}  ${file.path}`)
  }

  end(): void {
    this.lane.end()
  }
}
