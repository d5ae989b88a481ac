import { type CodeAction, CodeActionKind, type Diagnostic as Shown } from 'vscode-languageserver'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { shown } from './diagnostics.js'
import { editsOf } from './positions.js'
import { within } from './symbols.js'
import type { Workspace } from './workspace.js'

/** What the diagnostics that touch a range know to put right. */
export function codeActions(
  workspace: Workspace,
  diagnostics: readonly Diagnostic[],
  path: string,
  start: number,
  end: number,
): readonly CodeAction[] {
  return diagnostics.flatMap((d) => {
    const { fix, span } = d
    const touched =
      span.file === path &&
      (within(span, start) || within(span, end) || (start <= span.start && span.end <= end))
    if (!fix || !touched) return []
    const about: Shown = shown(workspace, d)
    return [
      {
        title: title(d),
        kind: CodeActionKind.QuickFix,
        diagnostics: [about],
        isPreferred: true,
        edit: { changes: editsOf(workspace, [fix]) },
      },
    ]
  })
}

function title({ fix, help }: Diagnostic): string {
  if (help !== undefined && help.length <= 80 && !help.includes('\n')) return help
  return fix && fix.text.trim() !== '' ? `replace by \`${fix.text.trim()}\`` : 'remove this'
}
