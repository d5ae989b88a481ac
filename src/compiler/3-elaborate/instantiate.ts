import { tooLarge, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { elementCount, maxElements } from '../../graph/types.js'
import type { FieldMember, ModuleDeclaration, WeightMember } from '../1-parse/syntax.js'
import { mode } from '../2-resolve/names/free.js'
import { isLibrary } from '../2-resolve/program.js'
import type { GivenArguments } from './arguments.js'
import { bindParameters } from './parameters.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { evaluateInitializer } from './initializers.js'
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
  x.reached.add(declaration)
  return instanceOf(x, declaration, environment, given.span)
}

/** The instance of a module whose parameters the environment has. */
export function instanceOf(
  x: Elaboration,
  declaration: ModuleDeclaration,
  environment: Environment,
  span: Span,
): Instance {
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
  x.tick(span, instanceWork)
  if (!environment.hasOwn(mode)) environment.set(mode, { kind: 'mode', instance })
  for (const member of declaration.members) {
    if (member.kind === 'fn')
      environment.set(member.name.text, { kind: 'fn', declaration: member, environment, of: instance })
  }
  const make = (member: WeightMember | FieldMember): void => {
    const name = member.name.text
    if (!present(x, member, environment)) {
      environment.setAbsent(name)
      return
    }
    if (member.kind === 'weight') {
      const weight = weightOf(x, member, environment)
      weights.set(name, weight)
      environment.set(name, { kind: 'weight', instance, weight })
    } else {
      const value = evaluate(x, member.value, environment)
      environment.set(name, value)
      if (!holdsInstance(value)) return
      children.set(name, value)
      depth = Math.max(depth, depthOf(value) + 1)
      x.checkSize(instance, span)
    }
  }
  for (const member of declaration.members) {
    if (member.kind === 'fn') continue
    if (isLibrary(member.span.file) && !x.madeUp) make(member)
    else
      x.mistakes.orFailed(
        environment,
        () => [member.name.text],
        () => make(member),
      )
  }
  return instance
}

function present(x: Elaboration, member: WeightMember | FieldMember, environment: Environment): boolean {
  if (!member.condition) return true
  const value = evaluate(x, member.condition, environment)
  if (value.kind === 'bool') return value.value
  return fail(wrongType(member.condition.span, { wanted: 'true or false', got: describe(value) }))
}

/** A parameter or state as it is declared: `name: type = initial value`. */
export function weightOf(
  x: Elaboration,
  member: Pick<WeightMember, 'name' | 'type' | 'init' | 'state'>,
  environment: Environment,
): Weight {
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
        where: `${member.state ? 'state' : 'parameter'} \`${member.name.text}\``,
      }),
    )
  })
  const init = evaluateInitializer(x, member.init, environment)
  const { text: name, span } = member.name
  const origins = type.dims.map((dim) => (dim.kind === 'dim' ? originOf(dim.value, environment) : undefined))
  if (elementCount(shape) > maxElements) return fail(tooLarge(type.span, { what: `parameter \`${name}\`` }))
  const state = member.state ? { state: true as const } : {}
  return { name, ...state, type: { dtype: dtypeOf(type.dtype), shape }, init, span, origins }
}

/** Whether a value is an instance or a list with one in it. */
function holdsInstance(value: Val): boolean {
  return value.kind === 'instance' || (value.kind === 'list' && value.items.some(holdsInstance))
}
