import type { Range, WorkspaceEdit } from 'vscode-languageserver'
import { scan } from '../compiler/1-parse/scan.js'
import { Name } from '../compiler/1-parse/tokens.js'
import { builtinNames } from '../compiler/3-elaborate/scope.js'
import { editsOf, rangeOf } from './positions.js'
import type { Occurrence, SourceSymbol } from './symbols.js'
import type { Workspace } from './workspace.js'

/** Why something cannot be renamed, in a user's words. */
export class RenameRefused extends Error {}

/** What a rename at a place would change the name of; refuses what lies in the library. */
export function prepareRename(workspace: Workspace, path: string, offset: number): Range {
  return rangeOf(workspace, renamable(workspace, path, offset).span)
}

/** The edits that give the thing at a place another name in all files of the project. */
export function rename(workspace: Workspace, path: string, offset: number, name: string): WorkspaceEdit {
  const { symbol } = renamable(workspace, path, offset)
  if (!isName(name)) throw new RenameRefused(`\`${name}\` is not a name`)
  const { index } = workspace
  const places = index.occurrencesOf(symbol)
  refuseClashes(symbol, name, places, index.occurrencesNamed(name))
  const members = ['parameter', 'record-field', 'data-field', 'weight', 'field']
  const isMember = members.includes(symbol.kind) || (symbol.kind === 'fn' && symbol.owner !== undefined)
  const [unsure] = isMember ? index.unresolved(symbol.name) : []
  if (unsure) {
    throw new RenameRefused(
      `\`${symbol.name}\` is also used in ${unsure.file} where only a run of the checker knows whose it is`,
    )
  }
  return {
    changes: editsOf(
      workspace,
      places.map(({ span }) => ({ span, text: name })),
    ),
  }
}

function renamable(workspace: Workspace, path: string, offset: number): Occurrence {
  const found = workspace.index.at(path, offset)
  if (!found) throw new RenameRefused('there is no name here that a file declares')
  if (found.symbol.span.file.startsWith('std/'))
    throw new RenameRefused(`\`${found.symbol.name}\` belongs to the standard library`)
  if (found.symbol.name === 'forward' && found.symbol.owner?.kind === 'module')
    throw new RenameRefused('`forward` is what a call of the module runs')
  return found
}

/** The new name must mean nothing where the old one is used, and must not hide what is used below. */
function refuseClashes(
  symbol: SourceSymbol,
  name: string,
  places: readonly Occurrence[],
  others: readonly Occurrence[],
): void {
  const taken = (what: string, at: SourceSymbol): never => {
    throw new RenameRefused(`\`${name}\` is already ${what} in ${at.span.file}`)
  }
  if (builtinNames.includes(name)) throw new RenameRefused(`\`${name}\` is a function of the language`)
  const sibling = symbol.owner?.members.get(name)
  if (sibling) taken(`a name in \`${symbol.owner?.name}\``, sibling)
  for (const { scope } of places) {
    const seen = scope.get(name)
    if (seen) taken('a name', seen)
  }
  for (const other of others) {
    if (other.scope.get(symbol.name) === symbol) taken('used', other.symbol)
  }
}

function isName(text: string): boolean {
  const { tokens, diagnostics } = scan('', text)
  const [only] = tokens
  const category = only?.tokenType.CATEGORIES?.includes(Name) === true
  return tokens.length === 1 && diagnostics.length === 0 && category && only?.image === text
}
