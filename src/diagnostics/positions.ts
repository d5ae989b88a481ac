/** One-based, as editors and people count; columns in UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The lines of a text, and which of them an offset is on. */
export class Lines {
  private readonly starts: number[] = [0]

  constructor(readonly text: string) {
    for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) this.starts.push(index + end.length)
  }

  get count(): number {
    return this.starts.length
  }

  /** Where a line starts; the end of the text for lines behind the last. */
  startOf(line: number): number {
    return this.starts[line - 1] ?? this.text.length
  }

  /** A line without its line break. */
  lineText(line: number): string {
    return this.text.slice(this.startOf(line), this.startOf(line + 1)).replace(/[\r\n]+$/, '')
  }

  positionOf(offset: number): Position {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.starts[low] ?? 0) + 1 }
  }
}
