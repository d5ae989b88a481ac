import type { Expression, NextItem, StageClause } from '../1-parse/syntax.js'
import type { NamedItem } from './flatten.js'
import { visitRows } from './row-expressions.js'

/** The arguments of a call whose callee is no value: of a source, an optimizer, a kind of evaluation. */
const argumentsOf = (e: Expression): readonly Expression[] =>
  e.kind === 'call' ? e.arguments.map(({ value }) => value) : []

/** The expressions of a declaration that are evaluated as values of the pipeline; a function's body is none. */
export function itemValues(item: NamedItem | NextItem): readonly Expression[] {
  switch (item.kind) {
    case 'fn':
      return []
    case 'data': {
      const values: Expression[] = item.rows ? [item.rows] : []
      const none = (): void => undefined
      if (item.source)
        visitRows(item.source, { data: none, columns: none, value: (e) => void values.push(e) })
      return values
    }
    case 'model':
      return [item.value, ...(item.from ? [item.from] : [])]
    case 'adapter':
      return [...argumentsOf(item.value), ...(item.from ? [item.from] : [])]
    case 'state':
      return argumentsOf(item.value)
    case 'evaluate': {
      const { value, over, every } = item
      return [...argumentsOf(value), ...(over ? [over.values] : []), ...(every ? [every.count] : [])]
    }
    default:
      return [item.value]
  }
}

/** The same of a clause of a stage. */
export function clauseValues(clause: StageClause): readonly Expression[] {
  switch (clause.kind) {
    case 'train':
      return clause.groups.flatMap(({ settings }) => settings.map(({ value }) => value))
    case 'monitor':
      return [clause.value, ...(clause.every ? [clause.every] : [])]
    case 'keep':
      return clause.last ? [clause.last] : []
    case 'stop':
      return [clause.stalls]
    case 'clause':
      return isPluginClause(clause.name.text) ? argumentsOf(clause.value) : [clause.value]
    case 'freeze':
    case 'allow':
      return []
  }
}

/** Whether what a clause calls is a plug-in and no name of the file. */
export const isPluginClause = (name: string): boolean => name === 'optimizer' || name === 'schedule'
