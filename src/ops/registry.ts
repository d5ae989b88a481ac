import { operators } from './all.generated.js'
import { composites } from './composites/all.generated.js'
import { constantFunctions } from './_constants.js'
import type { LanguageFunction } from './language.js'
import type { Composite, Operator } from './operator.js'

const byName = new Map(operators.map((op) => [op.name, op]))
const compositesByName = new Map(composites.map((op) => [op.name, op]))

/** The operator of a name; asking for one that does not exist is our bug. */
export function operator(name: string): Operator {
  const found = byName.get(name)
  if (!found) throw new Error(`no operator ${name}`)
  return found
}

export const findOperator = (name: string): Operator | undefined => byName.get(name)

/** The operator of a name that is written with others. */
export const findComposite = (name: string): Composite | undefined => compositesByName.get(name)

/** Every function of the language that builds nodes, by name. */
export const languageFunctions: ReadonlyMap<string, LanguageFunction> = new Map(
  [...[...operators, ...composites].flatMap((op) => op.language ?? []), ...constantFunctions].map((f) => [
    f.name,
    f,
  ]),
)

export { composites, operators }
