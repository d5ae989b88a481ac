import { unknownName } from '../../diagnostics/catalogue/name.js'
import { closest } from '../../diagnostics/suggest.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Expression } from '../1-parse/syntax.js'
import type { Initializer } from '../../artefact/models.js'
import { bindStatic, missingArgument, numberOf } from './arguments.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { describe } from './values.js'

interface InitializerFunction {
  readonly parameters: readonly { readonly name: string; readonly default?: number }[]
  readonly make: (...values: number[]) => Initializer
}

const uniform = (bound: number): Initializer => ({ kind: 'uniform', low: -bound, high: bound })

/** Initial values of parameters: the names that mean one after `name: type =`. */
const initializers: Readonly<Record<string, InitializerFunction>> = {
  zeros: { parameters: [], make: () => ({ kind: 'constant', value: 0 }) },
  ones: { parameters: [], make: () => ({ kind: 'constant', value: 1 }) },
  constant: { parameters: [{ name: 'value' }], make: (value = 0) => ({ kind: 'constant', value }) },
  normal: {
    parameters: [
      { name: 'std', default: 1 },
      { name: 'mean', default: 0 },
    ],
    make: (std = 1, mean = 0) => ({ kind: 'normal', mean, std }),
  },
  uniform: {
    parameters: [{ name: 'low' }, { name: 'high' }],
    make: (low = 0, high = 1) => ({ kind: 'uniform', low, high }),
  },
  /** torch.nn.init.kaiming_uniform_: bound sqrt(6 / ((1 + a^2) fan_in)); a = sqrt(5), as torch's Linear, gives 1 / sqrt(fan_in). */
  kaiming_uniform: {
    parameters: [{ name: 'fan_in' }, { name: 'a', default: Math.sqrt(5) }],
    make: (fanIn = 1, a = 0) => uniform(Math.sqrt(6 / ((1 + a * a) * fanIn))),
  },
  /** torch's Linear and convolution bias: bound 1 / sqrt(fan_in). */
  uniform_fan_in: { parameters: [{ name: 'fan_in' }], make: (fanIn = 1) => uniform(1 / Math.sqrt(fanIn)) },
  /** torch.nn.init.xavier_uniform_: bound sqrt(6 / (fan_in + fan_out)). */
  xavier_uniform: {
    parameters: [{ name: 'fan_in' }, { name: 'fan_out' }],
    make: (fanIn = 1, fanOut = 1) => uniform(Math.sqrt(6 / (fanIn + fanOut))),
  },
}

export const initializerNames = Object.keys(initializers)

/** The initial value of a parameter: an initializer by name, or a number. */
export function evaluateInitializer(x: Elaboration, e: Expression, env: Environment): Initializer {
  const [callee, args] = e.kind === 'call' ? [e.callee, e.arguments] : [e, []]
  const definition =
    callee.kind === 'name' && Object.hasOwn(initializers, callee.name) ? initializers[callee.name] : undefined
  if (!definition || callee.kind !== 'name') {
    if (callee.kind === 'name' && !env.get(callee.name)) {
      const { name, span } = callee
      const suggestion = closest(name, initializerNames)
      return fail(unknownName(span, { name, what: 'initial value', suggestion, known: initializerNames }))
    }
    return constantValue(x, e, env)
  }
  const names = definition.parameters.map((p) => p.name)
  const given = bindStatic(x, callee.name, names, args, env, e.span)
  const values = x.mistakes.each(definition.parameters, (p) => {
    const value = given.get(p.name)
    if (value) return positive(p.name, numberOf(value.value, value.span, `\`${p.name}\``), value.span)
    return p.default ?? missingArgument(callee.name, p.name, names, e.span)
  })
  return definition.make(...values)
}

function positive(name: string, value: number, span: Span): number {
  if ((name === 'fan_in' || name === 'fan_out' || name === 'std') && !(value > 0)) {
    return fail(wrongType(span, { wanted: 'a positive number', got: String(value), where: `\`${name}\`` }))
  }
  return value
}

function constantValue(x: Elaboration, e: Expression, env: Environment): Initializer {
  const value = evaluate(x, e, env)
  if (value.kind === 'int' || value.kind === 'float') return { kind: 'constant', value: value.value }
  const help = `initial values are numbers or ${initializerNames.join(', ')}`
  return fail(wrongType(e.span, { wanted: 'an initial value', got: describe(value), help }))
}
