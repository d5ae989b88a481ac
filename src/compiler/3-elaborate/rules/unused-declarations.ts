import { unusedName } from '../../../diagnostics/catalogue/name.js'
import type { NextItem } from '../../1-parse/syntax.js'
import { allClauses } from '../../2-resolve/flat-stage.js'
import type { NamedItem } from '../../2-resolve/flatten.js'
import { itemNames } from '../../2-resolve/flatten.js'
import { clauseNamesUsed, itemNamesUsed } from '../../2-resolve/names/free.js'
import type { Rule } from './rule.js'

/** Warns of declarations of this file that no stage, evaluation or export needs. */
export const unusedDeclarations: Rule = ({ pipeline }, diagnostics) => {
  const needed = new Set<NamedItem>()
  const waiting: (NamedItem | NextItem)[] = []
  const need = (name: string): void => {
    const found = pipeline.items.get(name)?.item
    if (found && !needed.has(found)) {
      needed.add(found)
      waiting.push(found)
      const next = found.kind === 'state' && pipeline.nexts.get(name)
      if (next) waiting.push(next.item)
    }
  }
  for (const { clause } of pipeline.stages.flatMap(allClauses)) clauseNamesUsed(clause, need)
  for (const { model } of pipeline.exports) need(model.text)
  for (const [name, { item }] of pipeline.items) if (item.kind === 'evaluate') need(name)
  for (let item = waiting.pop(); item; item = waiting.pop()) itemNamesUsed(item, need)

  for (const { item, inherited } of new Set(pipeline.items.values())) {
    const [name] = itemNames(item)
    if (!inherited && name && !needed.has(item))
      diagnostics.add(unusedName(name.span, { kind: item.kind, name: name.text, declaration: item.span }))
  }
}
