/** What a terminal shows of the text that is written to it, as far as dcrc moves its cursor. */
export class Terminal {
  readonly isTTY = true
  /** All rows, those that have scrolled away too. */
  private readonly text: string[] = ['']
  private row = 0
  private column = 0
  /** How many lines were too long for the terminal. */
  wraps = 0

  constructor(
    readonly columns: number,
    readonly rows = 24,
  ) {}

  /** The rows down to the last with anything on it. */
  get picture(): readonly string[] {
    return this.text.slice(0, this.text.findLastIndex((row) => row !== '') + 1)
  }

  write(text: string): void {
    // oxlint-disable-next-line no-control-regex
    for (const [part] of text.matchAll(/\x1b\[[KA]|[^]/g)) {
      if (part === '\r') this.column = 0
      else if (part === '\n') this.feed()
      else if (part === '\x1b[K') this.set(this.line.slice(0, this.column))
      else if (part === '\x1b[A') this.row = Math.max(this.row - 1, this.text.length - this.rows, 0)
      else this.put(part)
    }
  }

  private get line(): string {
    return this.text[this.row] ?? ''
  }

  private set(line: string): void {
    this.text[this.row] = line
  }

  private put(character: string): void {
    if (this.column === this.columns) {
      this.wraps++
      this.feed()
    }
    this.set(
      this.line.slice(0, this.column).padEnd(this.column) + character + this.line.slice(this.column + 1),
    )
    this.column++
  }

  private feed(): void {
    this.row++
    this.column = 0
    if (this.row === this.text.length) this.text.push('')
  }
}
