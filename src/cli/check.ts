import { checkFile, sameReport } from '../compiler/check-file.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { attempt } from './attempt.js'
import { exitCodes } from './exit-codes.js'
import { fixAll } from './fix.js'
import { printDiagnostics, printDiagnosticsJson } from './print.js'
import { findTarget } from './target.js'

export interface CheckOptions {
  readonly json: boolean
  readonly fix: boolean
  readonly set: ReadonlyMap<string, string>
}

/** `dcrc check`: all diagnostics of all files. */
export function check(names: readonly string[], options: CheckOptions): number {
  const all: Diagnostic[] = []
  const texts = new Map<string, string>()
  const checked: string[] = []
  let fixed = 0
  for (const name of names.length > 0 ? names : [undefined]) {
    const target = attempt(() => {
      if (options.fix) fixed += fixAll(name, options.set)
      return findTarget(name)
    })
    if ('problem' in target) {
      all.push(target.problem)
      continue
    }
    const found = attempt(() => checkFile({ ...target, settings: options.set }))
    if ('problem' in found) {
      all.push(found.problem)
      continue
    }
    for (const d of found) if (!all.some((other) => sameReport(other, d))) all.push(d)
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
