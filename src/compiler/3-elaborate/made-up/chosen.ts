import type { Expression, ParamItem } from '../../1-parse/syntax.js'
import { allClauses } from '../../2-resolve/flat-stage.js'
import { type NamedItem, itemNames } from '../../2-resolve/flatten.js'
import { clauseNamesUsed, clauseValues, itemNamesUsed, itemValues } from '../../2-resolve/names/free.js'
import { variedParams } from '../../2-resolve/varied-params.js'
import type { Statics } from '../statics.js'
import { unreachedIn } from './unreached.js'

/** A declaration or clause of a pipeline: what it declares, names and holds. */
interface Part {
  readonly item?: NamedItem
  readonly uses: ReadonlySet<string>
  readonly values: readonly Expression[]
}

const known = new WeakMap<Statics, ReadonlySet<string>>()

/**
 * The names of a pipeline that depend on a param that may choose something: one that is no number, one behind a part
 * in which there is something to choose, and one that something in the program gives another value.
 */
export function chosenNames(statics: Statics): ReadonlySet<string> {
  const names = known.get(statics) ?? search(statics)
  known.set(statics, names)
  return names
}

function search({ pipeline, settings, files }: Statics): ReadonlySet<string> {
  const { items } = pipeline
  const parts = partsOf(pipeline)
  const varied = variedParams(files.program)
  const names = new Set<string>()
  const seen = new Set<NamedItem>()
  const addParamsOf = (uses: ReadonlySet<string>): void => {
    for (const name of uses) {
      const item = items.get(name)?.item
      if (!item || seen.has(item)) continue
      seen.add(item)
      if (item.kind === 'param') names.add(name)
      else if (item.kind === 'let' || item.kind === 'fn' || item.kind === 'loss')
        addParamsOf(parts.find((part) => part.item === item)?.uses ?? new Set())
    }
  }
  for (const { item, uses, values } of parts) {
    if (item?.kind === 'param') {
      const { text } = item.name
      if (!isNumber(item) || varied.has(text) || settings.has(text)) names.add(text)
    }
    if (values.some((value) => unreachedIn(value, new Set()).length > 0)) addParamsOf(uses)
  }
  for (let before = -1; before < names.size;) {
    before = names.size
    for (const { item, uses } of parts)
      if (item && [...uses].some((name) => names.has(name)))
        itemNames(item).forEach(({ text }) => names.add(text))
  }
  return names
}

function partsOf({ items, nexts, stages }: Statics['pipeline']): readonly Part[] {
  const parts: Part[] = []
  const used = (visit: (onName: (name: string) => void) => void): ReadonlySet<string> => {
    const names = new Set<string>()
    visit((name) => names.add(name))
    return names
  }
  for (const { item } of new Set(items.values())) {
    const values = item.kind === 'fn' ? [item.body] : itemValues(item)
    parts.push({ item, uses: used((on) => itemNamesUsed(item, on)), values })
  }
  for (const { item } of nexts.values())
    parts.push({ uses: used((on) => itemNamesUsed(item, on)), values: itemValues(item) })
  for (const { clause } of stages.flatMap(allClauses))
    parts.push({ uses: used((on) => clauseNamesUsed(clause, on)), values: clauseValues(clause) })
  return parts
}

const isNumber = ({ type, value }: ParamItem): boolean =>
  type
    ? type.kind === 'named-type' && ['int', 'float'].includes(type.name.text)
    : value.kind === 'int' || value.kind === 'float'
