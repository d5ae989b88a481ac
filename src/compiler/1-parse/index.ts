import type { Diagnostic } from '../../diagnostics/diagnostic.js'
import { tooDeep, tooLong } from '../../diagnostics/catalogue/syntax.js'
import { tooHigh } from './height.js'
import { DcrParser } from './parser.js'
import { scan } from './scan.js'
import { sift } from './sift.js'
import type { Declaration, SyntaxFile } from './syntax.js'

export interface Parsed {
  readonly file: SyntaxFile
  readonly diagnostics: readonly Diagnostic[]
}

/** Declarations whose tree is higher are refused: the phases walk trees recursively. */
const maxHeight = 600

/** Characters of a file; a source of 20,000 lines has a third of them. */
const maxLength = 2_000_000

let parser: DcrParser | undefined

/**
 * Reads one file. The tree is well-formed whatever the text is: what could not be read is reported and left out, or
 * stands as a `missing` expression.
 */
export function parse(path: string, text: string): Parsed {
  if (text.length > maxLength) {
    const long = tooLong({ file: path, start: 0, end: 0 }, { length: text.length, most: maxLength })
    return { file: { path, text, uses: [], declarations: [], comments: [] }, diagnostics: [long] }
  }
  const scanned = scan(path, text)
  parser ??= new DcrParser()
  const { uses, declarations: read, problems } = parser.read(path, text, scanned)
  const declarations: Declaration[] = []
  for (const declaration of read) {
    const high = tooHigh(declaration, maxHeight)
    if (high) problems.push(tooDeep(high, undefined))
    else declarations.push(declaration)
  }
  const diagnostics = sift(text, scanned.diagnostics, problems)
  return { file: { path, text, uses, declarations, comments: scanned.comments }, diagnostics }
}
