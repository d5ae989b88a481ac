import type { IToken } from 'chevrotain'
import {
  badEscape,
  badNumber,
  foreignOperator,
  singleQuotes,
  unclosedString,
} from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import * as t from './tokens.js'
import { readQuantity } from './units.js'

const operators: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '!': 'not', '===': '==' }

/** What is wrong with the spelling of one token, if anything; the parser reads on with what was meant. */
export function misspelling(token: IToken, span: Span): Diagnostic[] {
  const { image, tokenType } = token
  const { mistakes } = t
  switch (tokenType) {
    case mistakes.number:
      return [badNumber(span, { text: image, ...numberAdvice(image) })]
    case t.Int:
      return Number.isSafeInteger(numberOf(image))
        ? []
        : [badNumber(span, { text: image, why: 'whole numbers go up to 9_007_199_254_740_991' })]
    case t.Float:
    case t.Quantity:
      return Number.isFinite(readQuantity(image)?.value ?? numberOf(image))
        ? []
        : [badNumber(span, { text: image, why: 'numbers go up to about 1.8e308' })]
    case mistakes.openString:
      return [unclosedString(span, undefined)]
    case mistakes.singleQuotes:
      return [singleQuotes(span, { text: image.slice(1, -1), span })]
    case mistakes.and:
    case mistakes.or:
    case mistakes.not:
    case mistakes.identity:
    case mistakes.update:
      return [foreignOperator(span, { found: image, instead: operators[image], span })]
    case t.Text:
      return image.includes('\\') ? badEscapes(image, span) : []
    default:
      return []
  }
}

/** What was probably meant by a number of another language. */
function numberAdvice(image: string): { instead?: string; why?: string } {
  if (/^\.\d+$/.test(image)) return { instead: `0${image}` }
  const thousands = /^(\d+)k$/i.exec(image)?.[1]
  if (thousands !== undefined) return { instead: `${thousands}_000` }
  if (/^0[xob]/i.test(image)) {
    const value = Number(image)
    return Number.isSafeInteger(value) ? { instead: String(value) } : {}
  }
  if (/^[\d_]+$/.test(image)) return { instead: image.replaceAll(/_+/g, '_').replace(/_$/, '') }
  if (/\..*\./.test(image)) return { why: 'a number has one point' }
  return { why: 'a number is followed by no letter' }
}

/** The value of a number as written, with its `_` taken out. */
export function numberOf(image: string): number {
  const value = Number(image.replaceAll('_', ''))
  return Number.isNaN(value) ? 0 : value
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' }
const escape = /\\(?:u\{([0-9a-fA-F]{1,6})\}|([^]))/g

/** The characters that a string token stands for; an unknown escape stands for its letter. */
export function stringOf(token: IToken): string {
  const { image, tokenType } = token
  const closed = tokenType !== t.mistakes.openString
  const inner = image.slice(1, closed ? -1 : undefined)
  return inner.replaceAll(escape, (_, hex: string | undefined, letter: string | undefined) => {
    if (hex !== undefined) return codePoint(hex) ?? ''
    return escapes[letter ?? ''] ?? letter ?? ''
  })
}

const codePoint = (hex: string): string | undefined => {
  const code = Number.parseInt(hex, 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined
}

function badEscapes(image: string, span: Span): Diagnostic[] {
  const found: Diagnostic[] = []
  for (const match of image.matchAll(escape)) {
    const [text, hex, letter] = match
    const known = hex === undefined ? letter !== undefined && letter in escapes : codePoint(hex) !== undefined
    if (known) continue
    const start = span.start + match.index
    found.push(badEscape({ file: span.file, start, end: start + text.length }, { escape: text }))
  }
  return found
}
