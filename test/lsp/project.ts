import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { offsetAt } from '../../src/lsp/positions.js'
import { Workspace } from '../../src/lsp/workspace.js'

/** A project of open buffers alone; `¦` in the text of a file marks places, in order, and is taken out. */
export function project(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'dcrc-lsp-'))
  afterAll(() => rmSync(root, { recursive: true }))
  const workspace = new Workspace(root)
  const marks = new Map<string, number[]>()
  for (const [path, text] of Object.entries(files)) {
    const [first = '', ...rest] = text.split('¦')
    let plain = first
    const places = rest.map((part) => {
      const at = plain.length
      plain += part
      return at
    })
    workspace.open(path, plain)
    marks.set(path, places)
  }
  const mark = (path: string, k = 0): number => marks.get(path)?.[k] ?? -1
  return { workspace, mark }
}

/** The text of a place that an answer names. */
export function textAt(
  workspace: Workspace,
  {
    uri,
    range,
  }: {
    uri: string
    range: { start: { line: number; character: number }; end: { line: number; character: number } }
  },
): string {
  const path = workspace.pathOf(uri)
  const text = workspace.read(path) ?? ''
  return text.slice(offsetAt(workspace, path, range.start), offsetAt(workspace, path, range.end))
}

/** Applies the edits of a rename or a fix to the open buffers. */
export function apply(
  workspace: Workspace,
  changes: Readonly<
    Record<
      string,
      readonly {
        range: { start: { line: number; character: number }; end: { line: number; character: number } }
        newText: string
      }[]
    >
  >,
): void {
  for (const [uri, edits] of Object.entries(changes)) {
    const path = workspace.pathOf(uri)
    let text = workspace.read(path) ?? ''
    const spans = edits.map((e) => ({
      start: offsetAt(workspace, path, e.range.start),
      end: offsetAt(workspace, path, e.range.end),
      newText: e.newText,
    }))
    for (const { start, end, newText } of spans.sort((a, b) => b.start - a.start))
      text = text.slice(0, start) + newText + text.slice(end)
    workspace.open(path, text)
  }
}
