import { misplacedClause, unknownClause } from '../../diagnostics/catalogue/stage.js'
import type { Diagnostics } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { StageClause } from '../1-parse/syntax.js'
import { clauseNames, isOfUpdate, isValueClause } from './clauses.js'
import type { FlatStage } from './flat-stage.js'

/** Reports clauses that mean nothing, and those that stand in a stage and belong in its updates, or the other way. */
export function checkClauses(stage: FlatStage, diagnostics: Diagnostics): void {
  const { clauses, updates } = stage
  for (const { clause } of clauses) {
    if (refused(clause, 'stage', diagnostics)) continue
    const name = wordOf(clause)
    if (name === 'times' || (isOfUpdate(name) && updates.length > 0))
      diagnostics.add(misplacedClause(clause.span, { name, update: null, updates: namesOf(stage) }))
  }
  for (const { name: update, clauses: own } of updates) {
    for (const { clause } of own) {
      if (refused(clause, 'update', diagnostics)) continue
      const name = wordOf(clause)
      if (!isOfUpdate(name))
        diagnostics.add(misplacedClause(clause.span, { name, update: update.text, updates: namesOf(stage) }))
    }
  }
}

const namesOf = ({ updates }: FlatStage): readonly string[] => updates.map(({ name }) => name.text)

/** The word with which a clause begins. */
const wordOf = (clause: StageClause): string => (clause.kind === 'clause' ? clause.name.text : clause.kind)

function refused(clause: StageClause, where: 'stage' | 'update', diagnostics: Diagnostics): boolean {
  if (clause.kind !== 'clause' || isValueClause(clause.name.text)) return false
  const { text: name, span } = clause.name
  const known = clauseNames[where]
  diagnostics.add(unknownClause(span, { name, where, suggestion: closest(name, known), known }))
  return true
}
