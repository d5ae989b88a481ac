import { type Diagnostic as Shown, DiagnosticSeverity } from 'vscode-languageserver'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { locationOf, rangeOf } from './positions.js'
import type { Workspace } from './workspace.js'

/** A diagnostic as editors show it; what is said beside the message follows it. */
export function shown(workspace: Workspace, d: Diagnostic): Shown {
  const { message, why, help } = d
  const more = [why === undefined ? [] : [`why: ${why}`], help === undefined ? [] : [`help: ${help}`]].flat()
  return {
    range: rangeOf(workspace, d.span),
    severity: d.severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code: d.code,
    source: 'dcrc',
    message: [message, ...more].join('\n'),
    relatedInformation: d.labels
      .filter((label) => label.message !== '')
      .map((label) => ({ location: locationOf(workspace, label.span), message: label.message })),
  }
}

/** Diagnostics by file, each once; files without any are there too, where asked for. */
export function byFile(
  diagnostics: readonly Diagnostic[],
  files: Iterable<string>,
): ReadonlyMap<string, readonly Diagnostic[]> {
  const found = new Map<string, Diagnostic[]>([...files].map((file) => [file, []]))
  const told = new Set<string>()
  for (const d of diagnostics) {
    const key = [d.code, d.span.file, d.span.start, d.message].join(' ')
    if (told.has(key)) continue
    told.add(key)
    const here = found.get(d.span.file) ?? []
    here.push(d)
    found.set(d.span.file, here)
  }
  return found
}
