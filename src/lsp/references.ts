import type { Location } from 'vscode-languageserver'
import { locationOf } from './positions.js'
import type { Workspace } from './workspace.js'

/** All places in the project and the library where the thing at a place is named. */
export function references(
  workspace: Workspace,
  path: string,
  offset: number,
  withDeclaration: boolean,
): readonly Location[] {
  const found = workspace.index.at(path, offset)
  if (!found) return []
  return workspace.index
    .occurrencesOf(found.symbol)
    .filter((o) => withDeclaration || !o.declares)
    .map((o) => locationOf(workspace, o.span))
}
