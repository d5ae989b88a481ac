import type { Location, Position, Range, TextEdit } from 'vscode-languageserver'
import type { Span } from '../diagnostics/diagnostic.js'
import { Lines } from '../diagnostics/positions.js'
import type { Workspace } from './workspace.js'

const kept = new WeakMap<Workspace, Map<string, Lines>>()

function linesOf(workspace: Workspace, path: string): Lines {
  const texts = kept.get(workspace) ?? new Map<string, Lines>()
  kept.set(workspace, texts)
  const text = workspace.read(path) ?? ''
  const known = texts.get(path)
  if (known?.text === text) return known
  const lines = new Lines(text)
  texts.set(path, lines)
  return lines
}

/** The offset of a place in a file; behind the end of a line it is that end. */
export function offsetAt(workspace: Workspace, path: string, { line, character }: Position): number {
  const lines = linesOf(workspace, path)
  return Math.min(
    lines.startOf(line + 1) + character,
    lines.startOf(line + 1) + lines.lineText(line + 1).length,
  )
}

export function positionAt(workspace: Workspace, path: string, offset: number): Position {
  const { line, column } = linesOf(workspace, path).positionOf(offset)
  return { line: line - 1, character: column - 1 }
}

export const rangeOf = (workspace: Workspace, { file, start, end }: Span): Range => ({
  start: positionAt(workspace, file, start),
  end: positionAt(workspace, file, end),
})

export const locationOf = (workspace: Workspace, span: Span): Location => ({
  uri: workspace.uriOf(span.file),
  range: rangeOf(workspace, span),
})

/** Edits by document. */
export function editsOf(
  workspace: Workspace,
  edits: readonly { readonly span: Span; readonly text: string }[],
): Record<string, TextEdit[]> {
  const changes: Record<string, TextEdit[]> = {}
  for (const { span, text } of edits)
    (changes[workspace.uriOf(span.file)] ??= []).push({ range: rangeOf(workspace, span), newText: text })
  return changes
}
