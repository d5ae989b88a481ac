import type { Location } from 'vscode-languageserver'
import { usePath } from '../compiler/2-resolve/program.js'
import { locationOf } from './positions.js'
import { resolved } from './symbols.js'
import type { Workspace } from './workspace.js'

/** Where the name at a place was declared; of a `use`, the file that it names. */
export function definition(workspace: Workspace, path: string, offset: number): Location | null {
  const found = workspace.index.at(path, offset)
  if (found) return locationOf(workspace, resolved(found.symbol).span)
  const use = workspace.tree(path)?.uses.find(({ span }) => span.start <= offset && offset <= span.end)
  const file = use && usePath(path, use)
  return file !== undefined && workspace.read(file) !== undefined
    ? locationOf(workspace, { file, start: 0, end: 0 })
    : null
}
