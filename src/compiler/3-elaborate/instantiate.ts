import { tooLarge, wrongType } from '../../diagnostics/catalogue/type.js'
import { elementCount, maxElements } from '../../graph/types.js'
import type { FieldMember, WeightMember } from '../1-parse/syntax.js'
import type { GivenArguments } from './arguments.js'
import { bindParameters } from './parameters.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { evaluateInitializer } from './initializers.js'
import { joinPath } from './join-path.js'
import type { PlacedWeight } from './facts.js'
import { originOf } from './size-origins.js'
import { dtypeOf, typeText } from './types.js'
import { type Instance, type Val, type Weight, depthOf, describe, none } from './values.js'

type ModuleVal = Val & { kind: 'module' }

/** What an instance counts for, in evaluated expressions: it stays in memory. */
const instanceWork = 150

/** Makes an instance of a module: its parameters' specifications and its submodules, in order of declaration. */
export function instantiate(x: Elaboration, module: ModuleVal, given: GivenArguments): Instance {
  const { declaration } = module
  const environment = new Environment(module.environment, undefined, true)
  bindParameters(x, declaration.name.text, declaration.parameters, given, environment, declaration.name.span)
  const weights = new Map<string, Weight>()
  const children = new Map<string, Val>()
  let depth = 1
  const instance: Instance = {
    kind: 'instance',
    declaration,
    environment,
    weights,
    children,
    get depth() {
      return depth
    },
    place: undefined,
  }
  x.tick(given.span, instanceWork)
  for (const member of declaration.members) {
    if (member.kind === 'fn')
      environment.set(member.name.text, { kind: 'fn', declaration: member, environment })
  }
  for (const member of declaration.members) {
    if (member.kind === 'fn') continue
    const name = member.name.text
    if (!present(x, member, environment)) {
      environment.setAbsent(name)
      continue
    }
    if (member.kind === 'weight') {
      const weight = weightOf(x, member, environment)
      weights.set(name, weight)
      environment.set(name, { kind: 'weight', instance, weight })
    } else {
      const value = evaluate(x, member.value, environment)
      environment.set(name, value)
      if (!holdsInstance(value)) continue
      children.set(name, value)
      depth = Math.max(depth, depthOf(value) + 1)
      x.checkSize(instance, given.span)
    }
  }
  return instance
}

function present(x: Elaboration, member: WeightMember | FieldMember, environment: Environment): boolean {
  if (!member.condition) return true
  const value = evaluate(x, member.condition, environment)
  if (value.kind === 'bool') return value.value
  return fail(wrongType(member.condition.span, { wanted: 'true or false', got: describe(value) }))
}

function weightOf(x: Elaboration, member: WeightMember, environment: Environment): Weight {
  const { type } = member
  if (type.kind !== 'tensor-type')
    return fail(wrongType(type.span, { wanted: 'a tensor type such as `float[4, 3]`', got: typeText(type) }))
  const shape = type.dims.map((dim) => {
    const size = dim.kind === 'dim' ? evaluate(x, dim.value, environment) : none
    if (size.kind === 'int' && size.value >= 1) return size.value
    return fail(
      wrongType(dim.span, {
        wanted: 'a size, at least 1',
        got: describe(size),
        where: `parameter \`${member.name.text}\``,
      }),
    )
  })
  const init = evaluateInitializer(x, member.init, environment)
  const { text: name, span } = member.name
  const origins = type.dims.map((dim) => (dim.kind === 'dim' ? originOf(dim.value, environment) : undefined))
  if (elementCount(shape) > maxElements) return fail(tooLarge(type.span, { what: `parameter \`${name}\`` }))
  return { name, type: { dtype: dtypeOf(type.dtype), shape }, init, span, origins }
}

/** Whether a value is an instance or a list with one in it. */
function holdsInstance(value: Val): boolean {
  return value.kind === 'instance' || (value.kind === 'list' && value.items.some(holdsInstance))
}

/** Gives an instance and all below it their place in a model. One that has a place keeps it (shared weights). */
export function place(value: Val, model: string, path: string): void {
  if (value.kind === 'list') value.items.forEach((item, k) => place(item, model, joinPath(path, k)))
  else if (value.kind === 'instance' && !value.place) {
    value.place = { model, path }
    for (const [name, child] of value.children) place(child, model, joinPath(path, name))
  }
}

/** Every parameter below a value, with its full path, in order of declaration. */
export const parametersOf = (value: Val): readonly { readonly path: string; readonly weight: Weight }[] =>
  placedParameters(value)

/** The same with the models: a list may hold parts of several. */
export function placedParameters(value: Val): readonly PlacedWeight[] {
  const found = new Map<string, PlacedWeight>()
  const seen = new Set<Instance>()
  const walk = (v: Val): void => {
    if (v.kind === 'list') v.items.forEach(walk)
    else if (v.kind === 'instance' && v.place && !seen.has(v)) {
      seen.add(v)
      const { model } = v.place
      for (const weight of v.weights.values()) {
        const path = joinPath(v.place.path, weight.name)
        found.set(`${model}/${path}`, { model, path, weight })
      }
      for (const child of v.children.values()) walk(child)
    }
  }
  walk(value)
  return [...found.values()]
}
