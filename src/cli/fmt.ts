import { format } from '../compiler/1-parse/format.js'
import { parse } from '../compiler/1-parse/index.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { attempt } from './attempt.js'
import { exitCodes } from './exit-codes.js'
import { readText } from './files.js'
import { printDiagnostics } from './print.js'
import { replaceFile } from './replace-file.js'
import { refuse } from './target.js'

export interface FmtOptions {
  readonly check: boolean
}

/** `dcrc fmt`: formats files in place; a file with syntax errors is left alone. */
export function fmt(names: readonly string[], options: FmtOptions): number {
  const problems: Diagnostic[] = []
  const texts = new Map<string, string>()
  const unformatted: string[] = []
  for (const name of names) {
    const text = attempt(() => readText(name) ?? refuse(name))
    if (typeof text !== 'string') {
      problems.push(text.problem)
      continue
    }
    texts.set(name, text)
    const { file, diagnostics } = parse(name, text)
    if (diagnostics.some((d) => d.severity === 'error')) {
      problems.push(...diagnostics)
      continue
    }
    const formatted = format(file)
    if (formatted === text) continue
    unformatted.push(name)
    if (!options.check) replaceFile(name, formatted)
    process.stdout.write(options.check ? `${name} is not formatted\n` : `formatted ${name}\n`)
  }
  printDiagnostics(problems, texts)
  if (options.check && unformatted.length > 0)
    process.stdout.write(`run \`dcrc fmt ${unformatted.join(' ')}\`\n`)
  return problems.length > 0 || (options.check && unformatted.length > 0)
    ? exitCodes.userError
    : exitCodes.done
}
