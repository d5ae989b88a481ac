import { badEvaluation, unknownEvaluation } from '../../diagnostics/catalogue/data.js'
import { badArguments } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { evaluationKinds as kinds } from '../../evaluate/registry.js'
import type { EvaluationParameter } from '../../evaluate/kind.js'
import type { Output, Value } from '../../graph/graph.js'
import type { EvaluateItem, Expression } from '../1-parse/syntax.js'
import type { Json } from '../../artefact/json.js'
import { missingArgument } from '../3-elaborate/arguments.js'
import { callFunction } from '../3-elaborate/call.js'
import { fail } from '../3-elaborate/elaboration.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import { plain } from '../3-elaborate/plain.js'
import type { Statics } from '../3-elaborate/statics.js'
import { type FunctionVal, type Val, describe, tensorVal } from '../3-elaborate/values.js'
import type { LoweredEvaluation } from './lowered.js'

interface Given {
  readonly parameter: EvaluationParameter
  readonly value: Expression
}

/** `evaluate name = kind(data = ..., features = f, ...)`: one graph per data set, or one over random batches. */
export function lowerEvaluation(statics: Statics, item: EvaluateItem, file: string): LoweredEvaluation {
  const name = item.name.text
  const { kind, given } = bindKind(item)
  const { scope } = statics
  const settings: Record<string, Json> = {}
  for (const p of kind.parameters) if (p.default !== undefined && isSetting(p)) settings[p.name] = p.default
  const data: string[] = []
  const functions: { readonly name: string; readonly fn: FunctionVal; readonly span: Span }[] = []
  const tensors: { readonly name: string; readonly value: Expression }[] = []
  for (const { parameter, value } of given) {
    if (parameter.kind === 'tensor') {
      tensors.push({ name: parameter.name, value })
      continue
    }
    const v = evaluate(scope.elaboration, value, scope.environment(file))
    if (parameter.kind === 'data') data.push(...dataNames(v, value.span))
    else if (parameter.kind === 'function') {
      if (v.kind !== 'fn')
        return fail(
          badEvaluation(value.span, {
            message: `\`${parameter.name}\` wants a function, got ${describe(v)}`,
            help: 'declare one: `fn features(image) = ...`',
          }),
        )
      functions.push({ name: parameter.name, fn: v, span: value.span })
    } else settings[parameter.name] = settingOf(parameter, v, value.span)
  }
  const parts = data.map((set) => functionPart(statics, file, name, set, functions))
  if (tensors.length > 0) parts.push(tensorPart(statics, file, name, tensors))
  const shapes = Object.fromEntries(
    parts.flatMap(({ data: set, graph }) =>
      graph.outputs.map((o) => [o.name, set === null ? o.value.type.shape : o.value.type.shape.slice(1)]),
    ),
  )
  const [problem] = kind.problems?.({ settings, shapes }) ?? []
  if (problem) {
    const at = given.find((g) => g.parameter.name === problem.parameter)?.value.span ?? item.value.span
    return fail(
      badEvaluation(at, { message: `\`${problem.parameter}\` of \`${kind.name}\`: ${problem.message}` }),
    )
  }
  return { name, kind: kind.name, settings, span: item.name.span, parts }
}

const isSetting = (p: EvaluationParameter): boolean =>
  p.kind !== 'data' && p.kind !== 'function' && p.kind !== 'tensor'

function bindKind(item: EvaluateItem): { kind: (typeof kinds)[number]; given: readonly Given[] } {
  const e = item.value
  if (e.kind !== 'call' || e.callee.kind !== 'name') {
    return fail(
      badEvaluation(e.span, { message: 'an evaluation is a call such as `clustering(data = mnist, ...)`' }),
    )
  }
  const callee = e.callee.name
  const kind = kinds.find((k) => k.name === callee)
  if (!kind) {
    const known = kinds.map((k) => k.name)
    return fail(unknownEvaluation(e.callee.span, { name: callee, suggestion: closest(callee, known), known }))
  }
  const names = kind.parameters.map((p) => p.name)
  const given = new Map<string, Given>()
  e.arguments.forEach((a, k) => {
    const name = a.name?.text ?? names[k]
    const parameter = kind.parameters.find((p) => p.name === name)
    if (!parameter) {
      const suggestion = name === undefined ? undefined : closest(name, names)
      const help =
        suggestion === undefined
          ? `it is \`${callee}(${names.join(', ')})\``
          : `did you mean \`${suggestion}\`?`
      return fail(
        badArguments(a.span, { message: `\`${callee}\` has no parameter \`${name ?? k + 1}\``, help }),
      )
    }
    if (given.has(parameter.name))
      return fail(badArguments(a.span, { message: `\`${parameter.name}\` is given twice` }))
    given.set(parameter.name, { parameter, value: a.value })
  })
  for (const p of kind.parameters)
    if (p.default === undefined && !given.has(p.name)) missingArgument(callee, p.name, names, e.span)
  return { kind, given: [...given.values()] }
}

function dataNames(v: Val, span: Span): readonly string[] {
  if (v.kind === 'data') return [v.name]
  if (v.kind === 'list') return v.items.flatMap((item) => dataNames(item, span))
  return fail(
    badEvaluation(span, { message: `\`data\` wants a data set or a list of them, got ${describe(v)}` }),
  )
}

function settingOf(parameter: EvaluationParameter, v: Val, span: Span): Json {
  const numbers = v.kind === 'list' ? v.items : [v]
  const fits = {
    int: v.kind === 'int',
    float: v.kind === 'int' || v.kind === 'float',
    ints: v.kind === 'list' && v.items.every((i) => i.kind === 'int'),
    string: v.kind === 'string',
    data: false,
    function: false,
    tensor: false,
  }[parameter.kind]
  const low = parameter.min
  const above =
    low === undefined || numbers.every((n) => (n.kind !== 'int' && n.kind !== 'float') || n.value >= low)
  if (fits && above) return plain(v)
  const bound = low === undefined ? '' : ` of at least ${low}`
  const wanted = {
    int: `an int${bound}`,
    float: `a number${bound}`,
    ints: `a list of ints${bound}`,
    string: 'a string',
  }[parameter.kind as 'int']
  return fail(badEvaluation(span, { message: `\`${parameter.name}\` takes ${wanted}, got ${describe(v)}` }))
}

type Part = LoweredEvaluation['parts'][number]

const result = (name: string, value: Value): Output => ({ name, value, role: { kind: 'result', name } })

/** Each function called with the fields of the data set that its parameters name. */
function functionPart(
  statics: Statics,
  file: string,
  evaluation: string,
  data: string,
  functions: readonly { readonly name: string; readonly fn: FunctionVal; readonly span: Span }[],
): Part {
  const { scope } = statics
  const x = scope.elaboration
  const environment = scope.environment(file)
  const known = statics.data.get(data)?.spec.fields.map((f) => f.name) ?? []
  const rows = x.rowsOf(data)
  const outputs = functions.map(({ name, fn, span }): Output => {
    const own = environment.get(fn.declaration.name.text)
    const bound = own?.kind === 'fn' ? own : fn
    const list = fn.declaration.parameters.map((p) => {
      const field = p.name.text
      const batch = x.batch(data, field, span)
      if (!batch) {
        const help = `\`${data}\` has ${known.map((k) => `\`${k}\``).join(', ')}`
        return fail(
          badEvaluation(span, {
            message: `\`${fn.declaration.name.text}\` takes \`${field}\`, which is no field of \`${data}\``,
            help,
          }),
        )
      }
      return { value: tensorVal(batch), span, name: { text: field, span } }
    })
    const value = x.drawPath.root(evaluation, () => callFunction(x, bound, { list, span }))
    if (value.kind !== 'tensor' || value.value.type.shape[0] !== rows) {
      return fail(
        badEvaluation(span, {
          message: `\`${name}\` must give one row per row of the data, it gives ${describe(value)}`,
        }),
      )
    }
    return result(name, x.b.cast(value.value, 'f32'))
  })
  return { data, rows, graph: x.finish(`${evaluation}-${data}`, outputs) }
}

function tensorPart(
  statics: Statics,
  file: string,
  evaluation: string,
  tensors: readonly { readonly name: string; readonly value: Expression }[],
): Part {
  const { scope } = statics
  const x = scope.elaboration
  const outputs = tensors.map(({ name, value }): Output => {
    const v = x.drawPath.root(`${evaluation}/${name}`, () => evaluate(x, value, scope.environment(file)))
    if (v.kind !== 'tensor')
      return fail(badEvaluation(value.span, { message: `\`${name}\` wants a tensor, got ${describe(v)}` }))
    return result(name, x.b.cast(v.value, 'f32'))
  })
  return { data: null, rows: 1, graph: x.finish(evaluation, outputs) }
}
