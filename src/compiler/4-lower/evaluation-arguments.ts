import { badEvaluation, unknownEvaluation } from '../../diagnostics/catalogue/evaluate.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { evaluationKinds as kinds } from '../../evaluations/registry.js'
import type {
  EvaluationKind,
  EvaluationParameter,
  ExpressionParameter,
  StaticParameter,
} from '../../evaluations/kind.js'
import { beside, published } from '../../evaluations/kind.js'
import type { Expression } from '../1-parse/syntax.js'
import type { Json } from '../../artefact/json.js'
import { bindArguments, missingArgument } from '../3-elaborate/arguments.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import { plain } from '../3-elaborate/plain.js'
import { type Val, describe } from '../3-elaborate/values.js'

/** The call of a kind, its arguments by what they are for. */
export interface KindCall {
  readonly kind: EvaluationKind
  readonly expressions: readonly Given<ExpressionParameter>[]
  readonly statics: readonly Given<StaticParameter>[]
  /** Numbers to compare with, and references to measure, where they are given. */
  readonly published: Expression | undefined
  readonly beside: Expression | undefined
  readonly span: Span
}

export interface Given<P extends EvaluationParameter = EvaluationParameter> {
  readonly parameter: P
  readonly value: Expression
}

/** `clustering(features = ..., label = ...)`, checked against the parameters of the kind. */
export function bindKind(x: Elaboration, e: Expression): KindCall {
  if (e.kind !== 'call' || e.callee.kind !== 'name') {
    const message = 'an evaluation is a call such as `clustering(features = f(digits.image), ...)`'
    return fail(badEvaluation(e.span, { message }))
  }
  const callee = e.callee.name
  const kind = kinds.find((k) => k.name === callee)
  if (!kind) {
    const known = kinds.map((k) => k.name)
    return fail(unknownEvaluation(e.callee.span, { name: callee, suggestion: closest(callee, known), known }))
  }
  const names = kind.parameters.map((p) => p.name)
  if (kind.metrics.length > 0) names.push(published, beside)
  const bound = bindArguments(x, callee, names, e.arguments)
  const missing = kind.parameters.filter((p) => p.default === undefined && !bound.has(p.name))
  if (missing.length > 0)
    missingArgument(
      callee,
      missing.map((p) => p.name),
      names,
      e.span,
    )
  const all = [...bound].flatMap(([name, { value }]) =>
    kind.parameters.filter((p) => p.name === name).map((parameter): Given => ({ parameter, value })),
  )
  return {
    kind,
    expressions: all.filter(isExpression),
    statics: all.filter(isStatic),
    published: bound.get(published)?.value,
    beside: bound.get(beside)?.value,
    span: e.span,
  }
}

const isExpression = (given: Given): given is Given<ExpressionParameter> =>
  given.parameter.kind === 'rows' || given.parameter.kind === 'batch'
const isStatic = (given: Given): given is Given<StaticParameter> => !isExpression(given)

/** The static arguments of a call, with defaults. */
export function settingsOf(
  { kind, statics }: KindCall,
  valueOf: (e: Expression) => Val,
): Record<string, Json> {
  const settings: Record<string, Json> = {}
  for (const p of kind.parameters)
    if (p.kind !== 'rows' && p.kind !== 'batch' && p.default !== undefined) settings[p.name] = p.default
  for (const { parameter, value } of statics)
    settings[parameter.name] = settingOf(parameter, valueOf(value), value.span)
  return settings
}

function settingOf({ name, kind, min, choices }: StaticParameter, v: Val, span: Span): Json {
  const numbers = v.kind === 'list' ? v.items : [v]
  const real = (one: Val): boolean => one.kind === 'int' || one.kind === 'float'
  const fits = {
    int: v.kind === 'int',
    float: real(v),
    bool: v.kind === 'bool',
    ints: v.kind === 'list' && v.items.every((i) => i.kind === 'int'),
    floats: v.kind === 'list' && v.items.every(real),
    string: v.kind === 'string' && (choices?.includes(v.value) ?? true),
  }[kind]
  const above =
    min === undefined || numbers.every((n) => (n.kind !== 'int' && n.kind !== 'float') || n.value >= min)
  if (fits && above) return plain(v)
  const bound = min === undefined ? '' : ` of at least ${min}`
  const wanted = {
    int: `an int${bound}`,
    float: `a number${bound}`,
    bool: 'true or false',
    ints: `a list of ints${bound}`,
    floats: `a list of numbers${bound}`,
    string: choices ? choices.map((choice) => `"${choice}"`).join(' or ') : 'a string',
  }[kind]
  return fail(badEvaluation(span, { message: `\`${name}\` takes ${wanted}, got ${describe(v)}` }))
}
