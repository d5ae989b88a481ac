import type { FunctionDeclaration, ParamItem } from '../../1-parse/syntax.js'
import { type NamedItem, itemNames } from '../../2-resolve/flatten.js'
import { itemNamesUsed } from '../../2-resolve/names.js'
import type { CheckedPipeline } from '../check.js'
import type { Elaboration } from '../elaboration.js'
import { Environment } from '../environment.js'
import { PipelineScope } from '../pipeline-scope.js'
import type { Statics } from '../statics.js'
import { unknownVal } from '../values.js'
import { lookAtFunction } from './function.js'
import { unreachedIn } from './unreached.js'

/** A function that stands in a pipeline, which one of its evaluations shows. */
export interface PipelineFunction {
  readonly declaration: FunctionDeclaration
  readonly file: string
  readonly statics: Statics
}

/** The functions of pipelines, each once; one that is inherited is looked at where it stands. */
export function pipelineFunctions(ran: readonly CheckedPipeline[]): readonly PipelineFunction[] {
  const found = new Map<FunctionDeclaration, PipelineFunction>()
  for (const { pipeline, statics } of ran)
    for (const { item, file, inherited } of pipeline.items.values())
      if (item.kind === 'fn' && !inherited && !found.has(item))
        found.set(item, { declaration: item, file, statics })
  return [...found.values()]
}

/**
 * Evaluates one on made-up arguments, in a graph of its own. What depends on params that choose is unknown in it: with
 * other values of theirs, something may call it that fits.
 */
export function lookInPipeline(x: Elaboration, { declaration, file, statics }: PipelineFunction): void {
  const scope = new PipelineScope(statics, x)
  const unknown = chosen(statics)
  const environment = new Environment(scope.environment(file), (name) =>
    unknown.has(name) ? unknownVal : undefined,
  )
  x.during(statics.anyFacts, () => lookAtFunction(x, { kind: 'fn', declaration, environment }))
}

/**
 * The names of a pipeline that depend on a param that may choose something: one that is no number, and one behind a
 * declaration in which there is something to choose.
 */
function chosen({ pipeline: { items, nexts } }: Statics): ReadonlySet<string> {
  const uses = new Map<NamedItem, ReadonlySet<string>>()
  for (const [name, { item }] of items) {
    const used = new Set<string>()
    itemNamesUsed(item, (n) => used.add(n))
    const next = nexts.get(name)
    if (next) itemNamesUsed(next.item, (n) => used.add(n))
    uses.set(item, used)
  }
  const names = new Set<string>()
  const add = (item: NamedItem): void => itemNames(item).forEach(({ text }) => names.add(text))
  const seen = new Set<NamedItem>()
  const addParamsOf = (item: NamedItem): void => {
    if (seen.has(item)) return
    seen.add(item)
    for (const name of uses.get(item) ?? []) {
      const found = items.get(name)?.item
      if (found?.kind === 'param') names.add(name)
      else if (found?.kind === 'let') addParamsOf(found)
    }
  }
  for (const item of uses.keys()) {
    if (item.kind === 'param' && !isNumber(item)) add(item)
    if (hasArms(item)) addParamsOf(item)
  }
  for (let before = -1; before < names.size;) {
    before = names.size
    for (const [item, used] of uses) if ([...used].some((name) => names.has(name))) add(item)
  }
  return names
}

const isNumber = ({ type, value }: ParamItem): boolean =>
  type
    ? type.kind === 'named-type' && ['int', 'float'].includes(type.name.text)
    : value.kind === 'int' || value.kind === 'float'

function hasArms(item: NamedItem): boolean {
  if (item.kind === 'fn') return unreachedIn(item.body, new Set()).length > 0
  return item.kind !== 'data' && item.value !== undefined && unreachedIn(item.value, new Set()).length > 0
}
