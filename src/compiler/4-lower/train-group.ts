import { comparisons } from '../../comparisons.js'
import { badTrainPath } from '../../diagnostics/catalogue/stage.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { ModuleDeclaration, ParameterCondition, TrainGroup } from '../1-parse/syntax.js'
import type { FlatPipeline } from '../2-resolve/flatten.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import type { Environment } from '../3-elaborate/environment.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { PlacedWeight } from '../3-elaborate/facts.js'
import { type Val, type Weight, describe } from '../3-elaborate/values.js'
import { selectParameters } from './train-paths.js'

/** The parameters of one entry of `train`: those of its path, without the excepted, that fulfil all conditions. */
export function selectGroup(
  x: Elaboration,
  group: TrainGroup,
  env: Environment,
  pipeline: FlatPipeline,
): readonly PlacedWeight[] {
  const named = selectParameters(x, group.path, env, pipeline)
  if (group.except.length === 0 && group.where.length === 0) return named
  const root = env.get(group.path.root.text)
  if (root?.kind === 'adapter')
    return fail(
      badTrainPath(group.span, {
        message: `an adapter is trained as a whole: write \`train ${root.adapter.name}\``,
      }),
    )
  const excepted = new Set<string>()
  for (const path of group.except)
    for (const { model, path: at } of selectParameters(x, path, env, pipeline)) excepted.add(`${model}.${at}`)
  const declaredBy = declarations(root)
  const conditions = group.where.map((condition) => conditionOf(x, condition, env, declaredBy))
  const chosen = named.filter(
    ({ model, path, weight }) =>
      !excepted.has(`${model}.${path}`) && conditions.every((fulfils) => fulfils(weight)),
  )
  if (chosen.length > 0) return chosen
  const [some] = named
  return fail(
    badTrainPath(group.span, {
      message: `of the ${named.length} parameters of this path none is left`,
      help:
        some &&
        `\`${some.model}.${some.path}\` has rank ${some.weight.type.shape.length}, its module is \`${declaredBy.get(some.weight)?.name.text ?? ''}\``,
    }),
  )
}

function conditionOf(
  x: Elaboration,
  condition: ParameterCondition,
  env: Environment,
  declaredBy: ReadonlyMap<Weight, ModuleDeclaration>,
): (weight: Weight) => boolean {
  if (condition.kind === 'rank') {
    const { value, operator } = condition
    const wanted = evaluate(x, value, env)
    if (wanted.kind !== 'int')
      return fail(wrongType(value.span, { wanted: 'an int', got: describe(wanted), where: '`rank`' }))
    return ({ type }) => comparisons[operator](type.shape.length, wanted.value)
  }
  const { modules } = condition
  const list = evaluate(x, modules, env)
  const kinds = list.kind === 'list' ? list.items : [list]
  const declarations = kinds.map((kind) =>
    kind.kind === 'module'
      ? kind.declaration
      : fail(wrongType(modules.span, { wanted: 'a list of modules', got: describe(kind), where: '`kind`' })),
  )
  return (weight) => declarations.some((declaration) => declaration === declaredBy.get(weight))
}

/** The module that declares each parameter below a value. */
function declarations(root: Val | undefined): ReadonlyMap<Weight, ModuleDeclaration> {
  const found = new Map<Weight, ModuleDeclaration>()
  const walk = (value: Val): void => {
    if (value.kind === 'list') value.items.forEach(walk)
    if (value.kind !== 'instance') return
    for (const weight of value.weights.values()) found.set(weight, value.declaration)
    for (const child of value.children.values()) walk(child)
  }
  if (root) walk(root)
  return found
}
