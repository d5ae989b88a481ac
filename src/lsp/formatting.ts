import type { TextEdit } from 'vscode-languageserver'
import { format } from '../compiler/1-parse/format.js'
import { positionAt } from './positions.js'
import type { Workspace } from './workspace.js'

/** The edit that formats a file; none where it is formatted or cannot be read. */
export function formatting(workspace: Workspace, path: string): readonly TextEdit[] {
  const text = workspace.read(path)
  if (text === undefined) return []
  const { file, diagnostics } = workspace.parse(path, text)
  if (diagnostics.some((d) => d.severity === 'error')) return []
  const formatted = format(file)
  const start = { line: 0, character: 0 }
  return formatted === text
    ? []
    : [{ range: { start, end: positionAt(workspace, path, text.length) }, newText: formatted }]
}
