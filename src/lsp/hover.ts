import type { Hover } from 'vscode-languageserver'
import type { Expression } from '../compiler/1-parse/syntax.js'
import { parametersOf } from '../compiler/3-elaborate/model-tree.js'
import { type Val, describe } from '../compiler/3-elaborate/values.js'
import { formatType } from '../graph/types.js'
import {
  type Entry,
  builtinFunctions,
  clauses,
  dataFunctions,
  pluginsAfter,
  rowEntry,
  signatureOf,
} from './catalogue.js'
import { rangeOf } from './positions.js'
import { signature } from './signature.js'
import { type SourceSymbol, resolved } from './symbols.js'
import { Values, chainAt, pipelineAt } from './values.js'
import type { Workspace } from './workspace.js'

/** What stands at a place: its declaration, its value's type and shape, whether it is trained, and its documentation. */
export function hover(workspace: Workspace, path: string, offset: number): Hover | null {
  const occurrence = workspace.index.at(path, offset)
  if (!occurrence) return builtin(workspace, path, offset)
  const symbol = resolved(occurrence.symbol)
  const value = valueAt(workspace, path, offset, symbol)
  const parts = [
    `\`\`\`dcr\n${signature(workspace, symbol)}\n\`\`\``,
    ...(value ?? []),
    ...documentation(symbol),
  ]
  return {
    contents: { kind: 'markdown', value: parts.join('\n\n') },
    range: rangeOf(workspace, occurrence.span),
  }
}

/** Kinds that have no value of their own outside of a call. */
const unknownOutside = new Set([
  'local',
  'dimension',
  'parameter',
  'alias',
  'fn',
  'module',
  'record',
  'pipeline',
])

function valueAt(
  workspace: Workspace,
  path: string,
  offset: number,
  symbol: SourceSymbol,
): readonly string[] | undefined {
  const file = workspace.tree(path)
  if (!file) return undefined
  const chain = chainAt(file, offset)
  const root = chain && rootOf(chain)
  const rootSymbol = root?.kind === 'name' ? workspace.index.at(path, root.span.start)?.symbol : symbol
  if (!rootSymbol || (root && root.kind !== 'name')) return undefined
  if (unknownOutside.has(rootSymbol.kind) || unknownOutside.has(symbol.kind)) return undefined
  const values = new Values(workspace, path, pipelineAt(file, offset))
  const ofItem = symbol.owner?.kind === 'pipeline' || (!symbol.owner && symbol.kind === 'let')
  const value = chain ? values.of(chain) : ofItem ? values.named(symbol.name) : undefined
  return value && valueText(value, values)
}

/** What the members and items of a chain are taken of. */
function rootOf(e: Expression): Expression {
  return e.kind === 'field' || e.kind === 'index' ? rootOf(e.object) : e
}

function valueText(value: Val, values: Values): readonly string[] {
  const rounded = values.roundedTo(value)
  const lines = [typeText(value), ...(rounded ? [`weights rounded to \`${rounded}\``] : [])]
  const stages = values.stages(value)
  if (stages.length > 0) {
    const says = stages.map(({ stage, trained, of }) =>
      trained === 0
        ? `frozen in \`${stage}\``
        : trained === of
          ? `trained in \`${stage}\``
          : `${trained} of ${of} parameters trained in \`${stage}\``,
    )
    lines.push(says.join(', '))
  }
  return lines
}

function typeText(value: Val): string {
  switch (value.kind) {
    case 'tensor':
      return `\`${formatType(value.value.type)}\``
    case 'weight':
      return `\`${formatType(value.weight.type)}\``
    case 'instance': {
      const parameters = parametersOf(value)
      const numbers = parameters.reduce(
        (n, { weight }) => n + weight.type.shape.reduce((a, b) => a * b, 1),
        0,
      )
      return `a \`${value.declaration.name.text}\` with ${numbers.toLocaleString('en')} numbers in ${parameters.length} parameters`
    }
    default:
      return describe(value)
  }
}

function documentation({ declaration: d }: SourceSymbol): readonly string[] {
  return d && 'doc' in d && d.doc !== undefined ? [d.doc] : []
}

/** What the language or a plug-in calls by the word at a place. */
function builtin(workspace: Workspace, path: string, offset: number): Hover | null {
  const text = workspace.read(path) ?? ''
  const before = /\w*$/.exec(text.slice(0, offset))?.[0] ?? ''
  const name = before + (/^\w*/.exec(text.slice(offset))?.[0] ?? '')
  const start = offset - before.length
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  const entry: Entry | undefined =
    pluginsAfter(line)?.get(name) ??
    rowEntry(line, name) ??
    (line.trim() === '' ? clauses.get(name) : undefined) ??
    builtinFunctions.get(name) ??
    dataFunctions.get(name)
  if (!entry || isComment(workspace, path, start)) return null
  const settings = entry.parameters.flatMap((p) => (p.doc === undefined ? [] : [`- \`${p.name}\`: ${p.doc}`]))
  const parts = [
    `\`\`\`dcr\n${signatureOf(entry)}\n\`\`\``,
    entry.doc,
    ...(settings.length > 0 ? [settings.join('\n')] : []),
  ]
  return {
    contents: { kind: 'markdown', value: parts.join('\n\n') },
    range: rangeOf(workspace, { file: path, start, end: start + name.length }),
  }
}

export const isComment = (workspace: Workspace, path: string, offset: number): boolean =>
  workspace.tree(path)?.comments.some(({ span }) => span.start <= offset && offset <= span.end) === true
