import { badEvaluation } from '../../diagnostics/catalogue/evaluate.js'
import { type ExpressionParameter, beside, published } from '../../evaluations/kind.js'
import type { Output } from '../../graph/graph.js'
import type { EvaluateCases, EvaluateItem, Expression } from '../1-parse/syntax.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import { Environment } from '../3-elaborate/environment.js'
import { evaluate, items } from '../3-elaborate/evaluate.js'
import type { Statics } from '../3-elaborate/statics.js'
import { type Val, describe } from '../3-elaborate/values.js'
import { type Given, type KindCall, bindKind, settingsOf } from './evaluation-arguments.js'
import { publishedOf } from './published.js'
import { type Argument, referencesOf } from './references.js'
import type { LoweredCase, LoweredEvaluation, LoweredPart } from './lowered.js'
import { proveRows } from './row-groups.js'
import { withoutNexts } from './states.js'

/** `evaluate name = kind(features = f(digits.image), ...)`: a graph per group of rows, and one over random batches. */
export function lowerEvaluation(statics: Statics, item: EvaluateItem, file: string): LoweredEvaluation {
  const call = bindKind(statics.scope.elaboration, item.value)
  const environment = statics.scope.environment(file)
  const name = item.name.text
  const cases = item.over ? casesOf(statics, item.over, environment) : [{ name: null, environment }]
  return {
    name,
    kind: call.kind.name,
    span: item.name.span,
    cases: cases.map((one) => lowerCase(statics, call, name, one)),
  }
}

interface Case {
  readonly name: string | null
  readonly environment: Environment
}

/** `for s in [mnist, cifar]`: one case for each, by its name. */
function casesOf({ scope }: Statics, { name, values }: EvaluateCases, outer: Environment): readonly Case[] {
  const found = items(evaluate(scope.elaboration, values, outer), values.span)
  if (found.length === 0) return fail(badEvaluation(values.span, { message: 'there is nothing to measure' }))
  const seen = new Set<string>()
  return found.map((value) => {
    const of = nameOf(value)
    if (of === undefined) {
      const message = `\`for ${name.text} in\` goes over data sets or models, by whose names the results are known, got ${describe(value)}`
      return fail(badEvaluation(values.span, { message }))
    }
    if (seen.has(of)) return fail(badEvaluation(values.span, { message: `\`${of}\` is named twice` }))
    seen.add(of)
    const environment = new Environment(outer)
    environment.set(name.text, value)
    return { name: of, environment }
  })
}

function nameOf(value: Val): string | undefined {
  if (value.kind === 'data') return value.name
  return value.kind === 'instance' && value.place?.path === '' ? value.place.model : undefined
}

function lowerCase(
  { scope }: Statics,
  call: KindCall,
  evaluation: string,
  { name, environment }: Case,
): LoweredCase {
  const x = scope.elaboration
  const valueOf = (e: Expression): Val => evaluate(x, e, environment)
  const comparison = publishedOf(call, name, valueOf)
  const settings = { ...settingsOf(call, valueOf), ...(comparison && { [published]: comparison }) }
  const own = new Map(
    call.expressions.map((given): readonly [string, Argument] => [
      given.parameter.name,
      {
        value: x.drawPath.root(`${evaluation}/${given.parameter.name}`, () => valueOf(given.value)),
        span: given.value.span,
      },
    ]),
  )
  const rootOf = (e: Expression): Val => x.drawPath.root(`${evaluation}/${beside}`, () => valueOf(e))
  const measured = [
    { beside: undefined, values: own },
    ...referencesOf(call, rootOf).map((reference) => ({
      beside: reference.name,
      values: new Map([...own, ...reference.arguments]),
    })),
  ]
  const parts = measured.flatMap(({ beside: of, values }) => {
    const found = groupsOf(call).map(({ group, given }): LoweredPart => {
      const taken = given.map(({ parameter }) => argumentOf(parameter, values))
      const outputs = taken.map(({ parameter, value, span }) => outputOf(x, parameter, { value, span }))
      const graph = x.finish([evaluation, of, group ?? 'batch'].filter(isGiven).join('-'), outputs)
      const still = withoutNexts(graph)
      const place = { ...(of === undefined ? {} : { beside: of }), group }
      if (group === null) return { ...place, data: null, rows: 1, graph: still }
      return { ...place, ...proveRows(x, call.kind, taken, graph), graph: still }
    })
    checkShapes(call, settings, found, values)
    return found
  })
  return { name, settings, parts }
}

const isGiven = (text: string | undefined): text is string => text !== undefined

/** A parameter with what it is given, of the call itself or of a reference. */
function argumentOf(
  parameter: Given<ExpressionParameter>['parameter'],
  values: ReadonlyMap<string, Argument>,
) {
  const argument = values.get(parameter.name)
  if (!argument) throw new Error('unreachable: every argument has a value')
  return { parameter, ...argument }
}

/** A result of a graph. */
function outputOf(x: Elaboration, { name }: ExpressionParameter, { value: v, span }: Argument): Output {
  if (v.kind !== 'tensor') {
    const message = `\`${name}\` wants a tensor, got ${describe(v)}`
    const help = v.kind === 'fn' ? 'call it on a field of a data set: `f(digits.image)`' : undefined
    return fail(badEvaluation(span, { message, help }))
  }
  return { name, value: x.b.cast(v.value, 'f32'), role: { kind: 'result', name } }
}

/** The expressions that one graph computes: those of a group of rows, and those of a batch (group null). */
function groupsOf({ expressions }: KindCall) {
  const groups = new Map<string | null, typeof expressions>()
  for (const given of expressions) {
    const group = given.parameter.kind === 'rows' ? given.parameter.group : null
    groups.set(group, [...(groups.get(group) ?? []), given])
  }
  return [...groups].map(([group, given]) => ({ group, given }))
}

/** What the kind has to say of its arguments. */
function checkShapes(
  { kind, statics, span }: KindCall,
  settings: LoweredCase['settings'],
  parts: readonly LoweredPart[],
  values: ReadonlyMap<string, Argument>,
): void {
  const shapes = Object.fromEntries(
    parts.flatMap(({ group, graph }) =>
      graph.outputs.map((o) => [o.name, group === null ? o.value.type.shape : o.value.type.shape.slice(1)]),
    ),
  )
  const [problem] = kind.problems?.({ settings, shapes }) ?? []
  if (!problem) return
  const at =
    values.get(problem.parameter)?.span ??
    statics.find((g) => g.parameter.name === problem.parameter)?.value.span
  const message = `\`${problem.parameter}\` of \`${kind.name}\`: ${problem.message}`
  fail(badEvaluation(at ?? span, { message }))
}
