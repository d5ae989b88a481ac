import type { Span } from './diagnostic.js'
import type { Lines } from './positions.js'
import { cellOf, widthOf } from './text-width.js'

/** A span to be shown in the source, and what is said about it. */
export interface Mark {
  readonly span: Span
  readonly primary: boolean
  readonly message: string
}

type Paint = (text: string) => string

export interface FrameStyle {
  readonly width: number
  readonly gutter: Paint
  readonly primary: Paint
  readonly label: Paint
}

/** A mark on one line, in columns of the terminal. */
interface Underline {
  readonly from: number
  readonly to: number
  readonly mark: Mark
}

/** The marked lines of one file in order, each with a row of `^^^` or `---` for every mark on it. */
export function frame(source: Lines, marks: readonly Mark[], style: FrameStyle): string[] {
  const byLine = new Map<number, Mark[]>()
  for (const mark of marks) {
    const { line } = source.positionOf(mark.span.start)
    byLine.set(line, [...(byLine.get(line) ?? []), mark])
  }
  const numbers = [...byLine.keys()].sort((a, b) => a - b)
  const margin = 3 + Math.max(2, String(numbers.at(-1) ?? 0).length)
  return numbers.flatMap((line) => {
    const { text, underlines } = window(source, line, byLine.get(line) ?? [], style.width - margin - 3)
    const rows = underlines.sort((a, b) => a.from - b.from || a.to - b.to).map((u) => underlineRow(u, style))
    const gutter = (number: string): string => style.gutter(`${number.padStart(margin)} |`)
    return [`${gutter(String(line))} ${text}`.trimEnd(), ...rows.map((row) => `${gutter('')} ${row}`)]
  })
}

function underlineRow({ from, to, mark }: Underline, style: FrameStyle): string {
  const paint = mark.primary ? style.primary : style.label
  const line = (mark.primary ? '^' : '-').repeat(Math.max(1, to - from))
  return ' '.repeat(from) + paint(mark.message === '' ? line : `${line} ${mark.message}`)
}

/** The text of a line as shown, cut to `room` columns around its marks, and where the marks are in it. */
function window(source: Lines, line: number, marks: readonly Mark[], room: number) {
  const { text, start } = neighbourhood(source, line, marks)
  const columns = new Columns(text)
  const underlines = marks.map((mark): Underline => {
    const from = columns.at(Math.max(0, mark.span.start - start))
    // A span of several lines is underlined to the end of its first.
    const to = columns.at(Math.min(mark.span.end - start, text.length))
    return { from, to: Math.max(to, from + 1), mark }
  })
  if (columns.width <= room) return { text: columns.shown(0, columns.width), underlines }
  return cut(columns, underlines, Math.max(20, room))
}

/** The line from its start, or of one far too long for any screen what is around its first mark. */
function neighbourhood(source: Lines, line: number, marks: readonly Mark[]) {
  const text = source.lineText(line)
  const start = source.startOf(line)
  if (text.length <= 5000) return { text, start }
  const from = Math.max(0, Math.min(...marks.map((mark) => mark.span.start - start)) - 1000)
  return { text: text.slice(from, from + 5000), start: start + from }
}

/** Shows the part of a long line with the primary mark, its left end at a third where it is far to the right. */
function cut(columns: Columns, underlines: readonly Underline[], room: number) {
  const main = underlines.find((u) => u.mark.primary) ?? underlines[0]
  const from = main?.from ?? 0
  const left = Math.max(0, Math.min(from - Math.floor(room / 3), columns.width - room))
  const right = Math.min(columns.width, left + room)
  const before = left > 0 ? '…' : ''
  const after = right < columns.width ? '…' : ''
  const text = before + columns.shown(left + widthOf(before), right - widthOf(after)) + after
  const shift = (column: number): number => Math.min(Math.max(column - left, 0), room)
  return {
    text,
    // What lies outside of the part that is shown is left out, except for what the line is shown for.
    underlines: underlines
      .filter((u) => u === main || (u.to > left && u.from < right))
      .map((u) => {
        const start = Math.min(shift(u.from), room - 1)
        return { ...u, from: start, to: Math.max(start + 1, shift(u.to)) }
      }),
  }
}

/** Where the characters of a line stand in a terminal. */
class Columns {
  private readonly cells: {
    readonly offset: number
    readonly column: number
    readonly text: string
    readonly width: number
  }[] = []
  readonly width: number

  constructor(text: string) {
    let offset = 0
    let column = 0
    for (const character of text) {
      const cell = cellOf(character)
      this.cells.push({ offset, column, ...cell })
      offset += character.length
      column += cell.width
    }
    this.width = column
  }

  at(offset: number): number {
    let low = 0
    let high = this.cells.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.cells[middle]?.offset ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return this.cells[low]?.column ?? this.width
  }

  /** The characters that lie wholly between two columns; a half character at the left edge is a blank. */
  shown(from: number, to: number): string {
    const inside = this.cells.filter((cell) => cell.column >= from && cell.column + cell.width <= to)
    const first = inside[0]
    return ' '.repeat(first ? Math.max(0, first.column - from) : 0) + inside.map((cell) => cell.text).join('')
  }
}
