import picocolors from 'picocolors'
import type { Diagnostic, Span } from './diagnostic.js'
import { frame, type Mark } from './frame.js'
import { Lines } from './positions.js'
import { harmless } from './text-width.js'

export interface RenderOptions {
  readonly color: boolean
  /** Columns of the terminal; longer source lines are cut around what they are shown for. */
  readonly width: number
}

type Colors = ReturnType<typeof picocolors.createColors>

/** Diagnostics as people read them: message, the lines of source with their marks, why, and what to do. */
export function render(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  { color, width }: RenderOptions,
): string {
  const colors = picocolors.createColors(color)
  const lines = new Map<string, Lines>()
  const linesOf = (file: string): Lines | undefined => {
    const text = sources.get(file)
    if (text !== undefined && !lines.has(file)) lines.set(file, new Lines(text))
    return lines.get(file)
  }
  return diagnostics.map((d) => `${renderOne(d, linesOf, colors, width)}\n`).join('\n')
}

function renderOne(
  d: Diagnostic,
  linesOf: (file: string) => Lines | undefined,
  colors: Colors,
  width: number,
): string {
  const severity = d.severity === 'error' ? colors.red : colors.yellow
  const out = [
    `${colors.bold(severity(`${d.severity}[${d.code}]`))}${colors.bold(`: ${harmless(d.message)}`)}`,
  ]
  const marks = marksOf(d)
  for (const file of new Set(marks.map((mark) => mark.span.file))) {
    const source = linesOf(file)
    const here = marks.filter((mark) => mark.span.file === file)
    const first = here[0]
    // of no file in particular
    if (!first || file === '') continue
    out.push(colors.blue(`  ${file === d.span.file ? '-->' : ':::'} `) + place(first.span, source))
    if (source)
      out.push(...frame(source, here, { width, gutter: colors.blue, primary: severity, label: colors.cyan }))
  }
  if (d.within !== undefined) out.push(`  ${colors.bold('in:')}   ${hanging(d.within)}`)
  if (d.why !== undefined) out.push(`  ${colors.bold('why:')}  ${hanging(d.why)}`)
  if (d.help !== undefined) out.push(`  ${colors.bold('help:')} ${hanging(d.help)}`)
  return out.join('\n')
}

/** What is marked, the primary span first: a label of the same span gives it its words. */
function marksOf({ span, labels }: Diagnostic): Mark[] {
  const own = labels.find((label) => same(label.span, span))
  const others = labels.filter((label) => label !== own)
  return [
    { span, primary: true, message: harmless(own?.message ?? '') },
    ...others.map((label) => ({ span: label.span, primary: false, message: harmless(label.message) })),
  ]
}

const same = (a: Span, b: Span): boolean => a.file === b.file && a.start === b.start && a.end === b.end

function place(span: Span, source: Lines | undefined): string {
  if (!source) return harmless(span.file)
  const { line, column } = source.positionOf(span.start)
  return `${harmless(span.file)}:${line}:${column}`
}

const hanging = (text: string): string => harmless(text).split('\n').join('\n        ')

/** Diagnostics for tools: every span with its lines and columns, counted from one. */
export function diagnosticsJson(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>) {
  const lines = new Map([...sources].map(([file, text]) => [file, new Lines(text)]))
  const located = (span: Span) => {
    const source = lines.get(span.file)
    return source
      ? { ...span, from: source.positionOf(span.start), to: source.positionOf(span.end) }
      : { ...span }
  }
  return diagnostics.map(({ span, labels, fix, ...rest }) => ({
    ...rest,
    span: located(span),
    labels: labels.map((label) => ({ message: label.message, span: located(label.span) })),
    ...(fix ? { fix: { text: fix.text, span: located(fix.span) } } : {}),
  }))
}
