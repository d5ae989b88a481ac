import { isatty } from 'node:tty'

import { cut } from '../diagnostics/cut.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnosticsJson, render } from '../diagnostics/render.js'

/** Terminal width for messages; 100 where output goes to a file or pipe. */
const width = (): number => process.stderr.columns ?? 100

/** Only a terminal is coloured, also where the environment would have colours (`CI`, `FORCE_COLOR`): logs stay plain. */
const useColor = (): boolean => isatty(process.stderr.fd) && process.env['NO_COLOR'] === undefined

/** A command line as it is typed in a shell. */
export const commandLine = (words: readonly string[]): string =>
  words
    .map((word) => (/^[\w./#=:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ')

/** Diagnostics as people read them on stderr; of very many of one kind some, and their number. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string> = new Map(),
): string {
  const { shown, left } = cut(diagnostics)
  const more = [...left].map(([code, count]) => `\nand ${count} more of ${code}; \`--json\` lists all\n`)
  return render(shown, texts, { color: useColor(), width: width() }) + more.join('')
}

/** Writes diagnostics for people, to stderr. */
export function printDiagnostics(
  diagnostics: readonly Diagnostic[],
  texts?: ReadonlyMap<string, string>,
): void {
  if (diagnostics.length > 0) process.stderr.write(formatDiagnostics(diagnostics, texts))
}

/** Writes diagnostics for tools, to stdout. */
export function printDiagnosticsJson(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
): void {
  process.stdout.write(`${JSON.stringify(diagnosticsJson(diagnostics, texts), null, 2)}\n`)
}
