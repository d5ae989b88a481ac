/**
 * A small document printer after Wadler ("A prettier printer", 2003), with groups that break as a whole: a group is
 * printed on one line if it fits, otherwise each of its own lines breaks.
 */
export type Doc = string | DocNode

type DocNode =
  | { readonly kind: 'concat'; readonly parts: readonly Doc[]; readonly breaks: boolean }
  | { readonly kind: 'indent'; readonly content: Doc; readonly breaks: boolean }
  | { readonly kind: 'group'; readonly content: Doc; readonly breaks: boolean }
  /** A line break; in a group on one line, a blank, nothing, or not possible. */
  | { readonly kind: 'line'; readonly flat: string; readonly breaks: boolean }
  /** Another text in a broken group than in one on one line. */
  | { readonly kind: 'either'; readonly broken: string; readonly flat: string; readonly breaks: false }
  /** A comment that moves to the end of the line that is being printed. */
  | { readonly kind: 'suffix'; readonly text: string; readonly breaks: false }

const breaks = (doc: Doc): boolean => typeof doc !== 'string' && doc.breaks

export const concat = (parts: readonly Doc[]): Doc => ({ kind: 'concat', parts, breaks: parts.some(breaks) })
export const indent = (content: Doc): Doc => ({ kind: 'indent', content, breaks: breaks(content) })
export const group = (content: Doc): Doc => ({ kind: 'group', content, breaks: breaks(content) })
export const either = (broken: string, flat: string): Doc => ({ kind: 'either', broken, flat, breaks: false })
export const suffix = (text: string): Doc => ({ kind: 'suffix', text, breaks: false })

/** A blank or a line break. */
export const line: Doc = { kind: 'line', flat: ' ', breaks: false }
/** Nothing or a line break. */
export const softline: Doc = { kind: 'line', flat: '', breaks: false }
/** Always a line break. */
export const hardline: Doc = { kind: 'line', flat: '', breaks: true }

export const join = (separator: Doc, docs: readonly Doc[]): Doc =>
  concat(docs.flatMap((doc, i) => (i === 0 ? [doc] : [separator, doc])))

interface Command {
  readonly doc: Doc
  readonly indent: number
  readonly flat: boolean
}

/** The text of a document, with lines of at most `width` columns where its groups allow. */
export function print(doc: Doc, width: number): string {
  const out: string[] = []
  const todo: Command[] = [{ doc, indent: 0, flat: false }]
  let column = 0
  let suffixes = ''
  const put = (text: string): void => {
    out.push(text)
    column += text.length
  }
  for (let command = todo.pop(); command; command = todo.pop()) {
    const { doc, indent, flat } = command
    if (typeof doc === 'string') put(doc)
    else if (doc.kind === 'concat') {
      for (let i = doc.parts.length - 1; i >= 0; i--) todo.push({ doc: doc.parts[i] ?? '', indent, flat })
    } else if (doc.kind === 'indent') todo.push({ doc: doc.content, indent: indent + 2, flat })
    else if (doc.kind === 'either') put(flat ? doc.flat : doc.broken)
    else if (doc.kind === 'suffix') suffixes += ` ${doc.text}`
    else if (doc.kind === 'group') {
      const oneLine = flat || (!doc.breaks && fits(doc.content, width - column, todo))
      todo.push({ doc: doc.content, indent, flat: oneLine })
    } else if (flat) put(doc.flat)
    else {
      trimEnd(out)
      out.push(suffixes, '\n', ' '.repeat(indent))
      suffixes = ''
      column = indent
    }
  }
  trimEnd(out)
  return out.join('') + suffixes
}

/** No line ends in blanks. */
function trimEnd(out: string[]): void {
  while (out.length > 0) {
    const trimmed = (out.pop() ?? '').replace(/ +$/, '')
    if (trimmed === '') continue
    out.push(trimmed)
    return
  }
}

/** Whether `doc` on one line, with what follows it up to the next possible line break, has room. */
function fits(doc: Doc, room: number, rest: readonly Command[]): boolean {
  const todo: { doc: Doc; flat: boolean }[] = [{ doc, flat: true }]
  let next = rest.length - 1
  let left = room
  while (left >= 0) {
    const command = todo.pop() ?? rest[next--]
    if (!command) return true
    const { doc, flat } = command
    if (typeof doc === 'string') left -= doc.length
    else if (doc.kind === 'concat') {
      for (let i = doc.parts.length - 1; i >= 0; i--) todo.push({ doc: doc.parts[i] ?? '', flat })
    } else if (doc.kind === 'indent') todo.push({ doc: doc.content, flat })
    else if (doc.kind === 'group') todo.push({ doc: doc.content, flat: flat && !doc.breaks })
    else if (doc.kind === 'either') left -= (flat ? doc.flat : doc.broken).length
    else if (doc.kind === 'line') {
      if (!flat) return true
      left -= doc.flat.length
    }
  }
  return false
}
