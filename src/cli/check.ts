import { checkFile, sameReport } from '../compiler/check-file.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { attempt } from './attempt.js'
import { type CompilingOptions, asked } from './compiling-options.js'
import { exitCodes } from './exit-codes.js'
import { fixAll } from './fix.js'
import { printDiagnostics, printDiagnosticsJson } from './print.js'
import { findTarget } from './target.js'

export interface CheckOptions extends CompilingOptions {
  readonly json: boolean
  readonly fix: boolean
}

/** `dcrc check`: all diagnostics of all files. */
export function check(names: readonly string[], options: CheckOptions): number {
  const all: Diagnostic[] = []
  const add = (d: Diagnostic): void => {
    if (!all.some((other) => sameReport(other, d))) all.push(d)
  }
  const texts = new Map<string, string>()
  const checked: string[] = []
  let fixed = 0
  for (const name of names.length > 0 ? names : [undefined]) {
    const target = attempt(() => {
      if (options.fix) fixed += fixAll(name, options)
      return findTarget(name)
    })
    if ('problem' in target) {
      add(target.problem)
      continue
    }
    const found = attempt(() => checkFile({ ...target, ...asked(options) }))
    if ('problem' in found) {
      add(found.problem)
      continue
    }
    found.forEach(add)
    for (const [path, text] of target.files.texts) texts.set(path, text)
    checked.push(target.entry)
  }
  const errors = all.filter((d) => d.severity === 'error').length
  if (options.json) printDiagnosticsJson(all, texts)
  else {
    if (options.fix) process.stdout.write(`${fixed} ${fixed === 1 ? 'fix' : 'fixes'} applied\n`)
    printDiagnostics(all, texts)
    const warnings = all.length - errors
    if (errors === 0)
      process.stdout.write(
        `${checked.join(', ')}: no errors${warnings > 0 ? `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}` : ''}\n`,
      )
  }
  return errors > 0 ? exitCodes.userError : exitCodes.done
}
