import { hasEmptyLine, ownLine } from './doc.js'
import { concat, either, group, hardline, indent, line, softline, suffix, type Doc } from './format-doc.js'
import type { Comment, SyntaxFile } from './syntax.js'

/** One entry of a list as it is to be printed; `doc` is called once, in the order of the source. */
export interface Entry {
  readonly start: number
  readonly end: number
  readonly doc: () => Doc
}

/** An entry or a comment of its own line. */
interface Row {
  readonly doc: Doc
  readonly entry: boolean
  /** A blank line stood before it. */
  readonly blank: boolean
  /** Its first word would continue the value of the entry before it, were there only a newline between them. */
  readonly continues: boolean
}

export interface ListStyle {
  readonly open: string
  readonly close: string
  /** Separates entries on one line. */
  readonly sign: ',' | ';'
  /** Stands behind every entry of a list that takes several lines. */
  readonly broken: '' | ','
  /** Blanks inside the brackets of a list on one line. */
  readonly pad?: boolean
  /** Blank lines between entries stay. */
  readonly spaced?: boolean
  /** Takes several lines, however short it is. */
  readonly force?: boolean
}

export const call: ListStyle = { open: '(', close: ')', sign: ',', broken: ',' }
export const square: ListStyle = { open: '[', close: ']', sign: ',', broken: ',' }
/** Fields and arms in braces: on several lines, newlines separate them. */
export const braces: ListStyle = { open: '{', close: '}', sign: ',', broken: '', pad: true, spaced: true }
/** Declarations, clauses and statements in braces. */
export const lines: ListStyle = { ...braces, sign: ';' }

/** Prints lists, with the comments of the file around their entries: each is handed out once, in its order. */
export class ListPrinter {
  private at = 0

  constructor(private readonly file: SyntaxFile) {}

  /** Whether a comment before `offset` is still to be printed. */
  pending(offset: number): boolean {
    const next = this.file.comments[this.at]
    return next !== undefined && next.span.start < offset
  }

  /** Whether what starts at `offset` starts its line in the source. */
  startsLine(offset: number): boolean {
    return ownLine(this.file.text, offset)
  }

  /** Where the code after `offset` goes on: behind comments, commas and opening brackets. */
  behindComments(offset: number): number {
    const between = /(?:[\s,(]|\/\/[^\r\n]*)*/y
    between.lastIndex = offset
    return offset + (between.exec(this.file.text)?.[0].length ?? 0)
  }

  /** Comments before `offset` that no list has taken: they move to the end of the line. */
  inside(offset: number): Doc {
    return concat(this.before(offset).map(behind))
  }

  /** A line break before `offset` with the comments there: behind the line before it, or on lines of their own. */
  lineBefore(offset: number): Doc {
    const comments = this.before(offset)
    const own = comments.filter((c) => this.startsLine(c.span.start))
    const others = comments.filter((c) => !own.includes(c))
    const here = comments.length > 0 ? hardline : line
    return concat([...others.map(behind), here, ...own.flatMap((c) => [textOf(c), hardline])])
  }

  /** All of a file, one entry below the other. */
  whole(entries: readonly Entry[]): Doc {
    const { head, rows } = this.rows(entries, this.file.text.length + 1)
    return concat([head, ...rows.flatMap(({ doc, blank }, i) => [...(i > 0 ? gap(blank) : []), doc])])
  }

  /** A list in brackets; `end` is where the closing one stands. */
  list(style: ListStyle, entries: readonly Entry[], end: number): Doc {
    return group(this.open(style, entries, end))
  }

  /** The same for a group that the caller makes. */
  open(style: ListStyle, entries: readonly Entry[], end: number): Doc {
    const { head, rows, commented } = this.rows(entries, end)
    if (rows.length === 0) return concat([style.open, head, style.close])
    const force = style.force === true || commented
    const edge = force ? hardline : style.pad === true ? line : softline
    const last = rows.findLastIndex((row) => row.entry)
    const content = rows.flatMap(({ doc, entry, blank }, i): Doc[] => {
      const before = i === 0 ? [edge] : force ? gap(blank && style.spaced === true) : [line]
      const next = rows.slice(i + 1).find((row) => row.entry)
      const after = entry
        ? either(next?.continues ? style.sign : style.broken, i === last ? '' : style.sign)
        : ''
      return [...before, doc, after]
    })
    return concat([style.open, head, indent(concat(content)), edge, style.close])
  }

  /** `commented` if a comment stands between the brackets. */
  private rows(entries: readonly Entry[], end: number): { head: Doc; rows: Row[]; commented: boolean } {
    const head: Doc[] = []
    const rows: (Omit<Row, 'doc'> & { doc: Doc })[] = []
    let last = -1
    let commented = false
    const add = (start: number, stop: number, doc: Doc, entry: boolean): void => {
      const blank = last >= 0 && this.blankBetween(last, start)
      const continues = entry && mayContinue(this.file.text, start)
      rows.push({ doc, entry, blank, continues })
      last = stop
    }
    const comments = (before: number): void => {
      const found = this.before(before)
      commented ||= found.length > 0
      for (const [i, c] of found.entries()) {
        const row = rows.at(-1)
        const next = found[i + 1]?.span.start ?? before
        // A comment with code between it and the next row, such as a comma or the brace itself, belongs before that;
        // a `(` is no such code: the expression of a row may stand in brackets.
        const own = this.startsLine(c.span.start) && /^[\s(]*$/.test(this.file.text.slice(c.span.end, next))
        if (own) add(c.span.start, c.span.end, textOf(c), false)
        else if (row) row.doc = concat([row.doc, behind(c)])
        else head.push(behind(c))
      }
    }
    for (const entry of entries) {
      comments(entry.start)
      const doc = entry.doc()
      add(entry.start, entry.end, concat([doc, this.inside(entry.end)]), true)
    }
    comments(end)
    return { head: concat(head), rows, commented }
  }

  private before(offset: number): Comment[] {
    const taken: Comment[] = []
    for (let next = this.file.comments[this.at]; next; next = this.file.comments[this.at]) {
      if (next.span.start >= offset) break
      taken.push(next)
      this.at++
    }
    return taken
  }

  private blankBetween(end: number, start: number): boolean {
    return hasEmptyLine(this.file.text.slice(end, start))
  }
}

/** Whether an entry starts with a word that may go on with the line above, as newlines.ts says: `of` of `of[0]`. */
function mayContinue(text: string, start: number): boolean {
  const word = /(?:of|like|from|as|every|rows)\b(?!\s*(?:[:|]|==?|=>))/y
  word.lastIndex = start
  return word.test(text)
}

const textOf = (comment: Comment): string => comment.text.trimEnd()
const behind = (comment: Comment): Doc => suffix(textOf(comment))
const gap = (blank: boolean): Doc[] => (blank ? [hardline, hardline] : [hardline])
