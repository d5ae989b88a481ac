import { badValue, unknownOptimizer } from '../../diagnostics/catalogue/stage.js'
import { badArguments, wrongType } from '../../diagnostics/catalogue/type.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Optimizer } from '../../optimizers/optimizer.js'
import { optimizers } from '../../optimizers/all.generated.js'
import type { Schedule } from '../../schedules/schedule.js'
import { schedules } from '../../schedules/all.generated.js'
import type { Expression, TrainGroup } from '../1-parse/syntax.js'
import { amountOf, measureOf } from '../1-parse/units.js'
import type { Json, Settings } from '../../artefact/json.js'
import { bindStatic, missingArgument, numberOf } from '../3-elaborate/arguments.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import type { Environment } from '../3-elaborate/environment.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import { type Val, describe } from '../3-elaborate/values.js'

const atLeastZero = 'a number of at least 0'

export interface Chosen<T> {
  readonly definition: T
  readonly settings: Settings
}

/** `optimizer adamw(lr = 1e-4, betas = (0.9, 0.999))` */
export function chooseOptimizer(x: Elaboration, e: Expression, env: Environment): Chosen<Optimizer> {
  const { name, args, span } = named(e, 'optimizer')
  const definition = optimizers.find((o) => o.name === name) ?? unknown(name, 'optimizer', optimizers, span)
  const names = definition.parameters.map((p) => p.name)
  const given = bindStatic(x, name, names, args, env, e.span)
  const settings: Record<string, Json> = {}
  x.mistakes.each(definition.parameters, (p) => {
    const argument = given.get(p.name)
    if (argument) settings[p.name] = setting(p.kind, p.name, argument.value, argument.span)
    else if (p.default === undefined) missingArgument(name, p.name, names, e.span)
    else settings[p.name] = p.default
  })
  return { definition, settings }
}

/** `schedule cosine(warmup = 5%)` of a stage that has so many steps. */
export function chooseSchedule(
  x: Elaboration,
  e: Expression,
  env: Environment,
  steps: number,
): Chosen<Schedule> {
  const { name, args, span } = named(e, 'schedule')
  const definition = schedules.find((s) => s.name === name) ?? unknown(name, 'schedule', schedules, span)
  const names = definition.parameters.map((p) => p.name)
  const given = bindStatic(x, name, names, args, env, e.span)
  const settings: Record<string, Json> = {}
  x.mistakes.each(definition.parameters, (p) => {
    const argument = given.get(p.name)
    if (argument) {
      const share = p.of === 'steps' ? shareOf(argument.value) : undefined
      const value =
        share === undefined
          ? numberOf(argument.value, argument.span, `\`${p.name}\` of \`${name}\``)
          : Math.round(share * steps)
      if (value < 0)
        return fail(badValue(argument.span, { name: p.name, wanted: atLeastZero, got: String(value) }))
      settings[p.name] = value
    } else if (p.default === undefined) missingArgument(name, p.name, names, e.span)
    else settings[p.name] = p.default
  })
  return { definition, settings }
}

/** `5%` as a fraction. */
const shareOf = (value: Val): number | undefined =>
  value.kind === 'quantity' && measureOf(value) === 'share' ? amountOf(value) : undefined

/** The optimizer's settings with those of one group of `train` over them: `train proj { lr = 1e-4 }`. */
export function groupSettings(
  x: Elaboration,
  { definition, settings }: Chosen<Optimizer>,
  group: TrainGroup,
  env: Environment,
): Settings {
  const own: Record<string, Json> = { ...settings }
  x.mistakes.each(group.settings, (s) => {
    const p = definition.parameters.find((q) => q.name === s.name.text)
    if (!p) {
      const known = definition.parameters.map((q) => q.name)
      const suggestion = closest(s.name.text, known)
      return fail(
        badArguments(s.name.span, {
          message: `\`${definition.name}\` has no setting \`${s.name.text}\``,
          help:
            suggestion === undefined
              ? `it has ${known.map((k) => `\`${k}\``).join(', ')}`
              : `did you mean \`${suggestion}\`?`,
        }),
      )
    }
    own[p.name] = setting(p.kind, p.name, evaluate(x, s.value, env), s.value.span)
  })
  return own
}

function setting(kind: 'float' | 'pair', name: string, value: Val, span: Expression['span']): Json {
  if (kind === 'float') {
    const number = numberOf(value, span, `\`${name}\``)
    if (number < 0) return fail(badValue(span, { name, wanted: atLeastZero, got: String(number) }))
    return number
  }
  if ((value.kind === 'tuple' || value.kind === 'list') && value.items.length === 2)
    return value.items.map((v) => numberOf(v, span, `\`${name}\``))
  return fail(wrongType(span, { wanted: 'two numbers `(a, b)`', got: describe(value), where: `\`${name}\`` }))
}

function named(
  e: Expression,
  kind: 'optimizer' | 'schedule',
): { name: string; args: (Expression & { kind: 'call' })['arguments']; span: Expression['span'] } {
  const callee = e.kind === 'call' ? e.callee : e
  if (callee.kind === 'name')
    return { name: callee.name, args: e.kind === 'call' ? e.arguments : [], span: callee.span }
  const example = kind === 'optimizer' ? '`adamw(lr = 1e-4)`' : '`cosine(warmup = 5%)`'
  return fail(wrongType(e.span, { wanted: `an ${kind} such as ${example}`, got: 'something else' }))
}

function unknown(
  name: string,
  kind: 'optimizer' | 'schedule',
  all: readonly { readonly name: string }[],
  span: Expression['span'],
): never {
  const known = all.map((o) => o.name)
  return fail(unknownOptimizer(span, { name, kind, suggestion: closest(name, known), known }))
}
