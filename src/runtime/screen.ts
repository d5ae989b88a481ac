import { wrap } from '../diagnostics/wrap.js'

/** Where text is shown; `process.stderr` is one. */
export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

const clearLine = '\r\x1b[K'
const up = '\x1b[A'

/**
 * A stream that several parts of the program write to at the same time: lines that stay and, on a terminal, one live
 * line of each lane below them, drawn anew in place.
 */
export class Screen {
  private lanes: readonly Lane[] = []
  /** Rows of the terminal that live lines stand on; the cursor is in the last of them. */
  private drawn = 0

  constructor(private readonly stream: TextStream) {}

  get isTerminal(): boolean {
    return this.stream.isTTY === true
  }

  get columns(): number {
    return this.stream.columns ?? 80
  }

  /** A lane below those that are open; its lines begin with the label. */
  lane(label = ''): Lane {
    const lane = new Lane(this, label === '' ? '' : `${label}  `)
    this.lanes = [...this.lanes, lane]
    return lane
  }

  /** Takes a lane's live line away. */
  close(lane: Lane): void {
    this.lanes = this.lanes.filter((open) => open !== lane)
    this.redraw()
  }

  /** Writes whole lines, which stay. */
  write(lines: string): void {
    if (!this.isTerminal) {
      this.stream.write(lines)
      return
    }
    // a line that wraps, or is above the top, could not be cleared
    const room = (this.stream.rows ?? Infinity) - 1
    const live = this.lanes
      .flatMap((lane) => lane.live)
      .slice(0, room)
      .map((line) => line.slice(0, this.columns - 1))
    const clear = clearLine + (up + clearLine).repeat(Math.max(0, this.drawn - 1))
    this.stream.write(clear + lines + live.join('\n'))
    this.drawn = live.length
  }

  redraw(): void {
    if (this.isTerminal) this.write('')
  }
}

/** The part of a screen on which one run, or another long work, shows itself. */
export class Lane {
  private lines: readonly string[] = ['']

  constructor(
    private readonly screen: Screen,
    private readonly prefix: string,
  ) {}

  get isTerminal(): boolean {
    return this.screen.isTerminal
  }

  /** How long a line may be. */
  get columns(): number {
    return this.screen.columns - this.prefix.length
  }

  get live(): readonly string[] {
    return this.lines.map((line) => (this.prefix + line).trimEnd())
  }

  /** Writes a line that stays, in place of the live one; a terminal gets a long one in parts. */
  say(text: string): void {
    this.lines = ['']
    const { isTerminal, columns } = this.screen
    this.screen.write(
      `${wrap(this.prefix + text, isTerminal ? columns : undefined, this.prefix.length + 2)}\n`,
    )
  }

  /** Sets the live lines: one, and more below it where there is something to say. */
  draw(...lines: readonly string[]): void {
    this.lines = lines.filter((line, k) => k === 0 || line !== '')
    this.screen.redraw()
  }

  end(): void {
    this.screen.close(this)
  }
}
