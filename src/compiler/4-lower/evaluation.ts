import { badEvaluation } from '../../diagnostics/catalogue/evaluate.js'
import { published } from '../../evaluations/kind.js'
import type { Output } from '../../graph/graph.js'
import type { EvaluateCases, EvaluateItem, Expression } from '../1-parse/syntax.js'
import { fail } from '../3-elaborate/elaboration.js'
import { Environment } from '../3-elaborate/environment.js'
import { evaluate, items } from '../3-elaborate/evaluate.js'
import type { Statics } from '../3-elaborate/statics.js'
import { type Val, describe } from '../3-elaborate/values.js'
import { type Given, type KindCall, bindKind, settingsOf } from './evaluation-arguments.js'
import { publishedOf } from './published.js'
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
  const outputOf = ({ parameter, value }: Given): Output => {
    const v = x.drawPath.root(`${evaluation}/${parameter.name}`, () => valueOf(value))
    if (v.kind !== 'tensor') {
      const message = `\`${parameter.name}\` wants a tensor, got ${describe(v)}`
      const help = v.kind === 'fn' ? 'call it on a field of a data set: `f(digits.image)`' : undefined
      return fail(badEvaluation(value.span, { message, help }))
    }
    const { name: of } = parameter
    return { name: of, value: x.b.cast(v.value, 'f32'), role: { kind: 'result', name: of } }
  }
  const parts = groupsOf(call).map(({ group, given }): LoweredPart => {
    const outputs = given.map(outputOf)
    const graph = x.finish([evaluation, group ?? 'batch'].join('-'), outputs)
    const still = withoutNexts(graph)
    if (group === null) return { group, data: null, rows: 1, graph: still }
    return { group, ...proveRows(x, call.kind, given, graph), graph: still }
  })
  checkShapes(call, settings, parts)
  return { name, settings, parts }
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
  { kind, expressions, statics, span }: KindCall,
  settings: LoweredCase['settings'],
  parts: readonly LoweredPart[],
): void {
  const shapes = Object.fromEntries(
    parts.flatMap(({ group, graph }) =>
      graph.outputs.map((o) => [o.name, group === null ? o.value.type.shape : o.value.type.shape.slice(1)]),
    ),
  )
  const [problem] = kind.problems?.({ settings, shapes }) ?? []
  if (!problem) return
  const at = [...expressions, ...statics].find((g) => g.parameter.name === problem.parameter)?.value.span
  const message = `\`${problem.parameter}\` of \`${kind.name}\`: ${problem.message}`
  fail(badEvaluation(at ?? span, { message }))
}
