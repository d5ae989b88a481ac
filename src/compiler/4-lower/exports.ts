import { fixedExport, notExportable, untypedExport } from '../../diagnostics/catalogue/exporting.js'
import { unknownName } from '../../diagnostics/catalogue/name.js'
import { type Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Output, Value } from '../../graph/graph.js'
import type { TensorType } from '../../graph/types.js'
import type { Identifier, Parameter } from '../1-parse/syntax.js'
import type { NamedItem } from '../2-resolve/flatten.js'
import { callFunction } from '../3-elaborate/call.js'
import { fail } from '../3-elaborate/elaboration.js'
import type { Environment } from '../3-elaborate/environment.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import type { Facts } from '../3-elaborate/facts.js'
import type { Statics } from '../3-elaborate/statics.js'
import { dtypeOf } from '../3-elaborate/types.js'
import { type FunctionVal, describe, tensorVal } from '../3-elaborate/values.js'
import { openRows, sampleRows } from '../../graph/open-rows.js'
import { drawsOf, roleOf } from '../../graph/roles.js'
import { withoutNexts } from './states.js'
import type { LoweredExport } from './lowered.js'

/** What `export name` writes. `adapters` are those that stages train or that are read from a folder. */
export function lowerExport(
  statics: Statics,
  { text: name, span }: Identifier,
  adapters: ReadonlySet<string>,
): LoweredExport {
  const { items } = statics.pipeline
  const found = items.get(name)
  const known = [...items].flatMap(([n, { item }]) => (exportable(item, adapters) ? [n] : []))
  if (!found) return fail(unknownName(span, { name, what: 'model', suggestion: closest(name, known), known }))
  const { item, file } = found
  if (item.kind === 'state') return { kind: 'model', name }
  if (item.kind === 'model' || (item.kind === 'adapter' && adapters.has(name)))
    return { kind: item.kind, name }
  if (item.kind === 'fn') {
    const environment = statics.scope.environment(file)
    const fn: FunctionVal = { kind: 'fn', declaration: item, environment }
    return lowerFunction(statics, fn, span)
  }
  const got = item.kind === 'adapter' ? 'an adapter that no stage trains' : `a ${item.kind}`
  return fail(notExportable(span, { name, got, known }))
}

const exportable = (item: NamedItem, adapters: ReadonlySet<string>): boolean =>
  item.kind === 'model' ||
  item.kind === 'state' ||
  item.kind === 'fn' ||
  (item.kind === 'adapter' && adapters.has(item.name.text))

/** The function on several numbers of rows, with adapters merged into the weights that it reads. */
function lowerFunction(statics: Statics, fn: FunctionVal, span: Span): LoweredExport {
  const x = statics.scope.elaboration
  const name = fn.declaration.name.text
  const facts: Facts = { trained: null, changing: null, adapters: new Map(), batches: 1 }
  const graphs = sampleRows.map((rows) =>
    x.during(facts, () => {
      const list = fn.declaration.parameters.map((parameter) => {
        const type = argumentType(statics, parameter, fn.environment, rows)
        const value = x.argument(parameter.name.text, type, parameter.span)
        return { value: tensorVal(value), span, name: parameter.name }
      })
      const value = x.drawPath.root(`@export/${name}`, () => callFunction(x, fn, { list, span }))
      const outputs = outputsOf(name, value, span)
      const called = x.finish(name, outputs)
      if (drawsOf(called).size > 0)
        return fail(fixedExport(span, { name, reason: 'it draws random values, which a file cannot' }))
      const other = called.inputs.find((v) => !list.some((given) => given.value.value === v))
      if (other) return fail(fixedExport(span, { name, reason: `it reads ${inputName(other)}` }))
      const still = outputs.find(({ value: v }) => v.type.shape[0] !== rows)
      if (still)
        return fail(
          fixedExport(span, { name, reason: `its result has no row for each row of its arguments` }),
        )
      return { rows, graph: withoutNexts(called) }
    }),
  )
  const open = openRows(graphs)
  if ('reason' in open) return fail(fixedExport(open.node?.span ?? span, { name, reason: open.reason }))
  const { name: declared, doc } = fn.declaration
  return { kind: 'function', name, span, said: { span: declared.span, doc }, graphs }
}

/** `f32[n, 3, 224, 224]`: n is new, the other sizes are known. */
function argumentType(
  { scope }: Statics,
  { name, type }: Parameter,
  environment: Environment,
  rows: number,
): TensorType {
  const wrong = (): never => fail(untypedExport(name.span, { name: name.text }))
  if (type?.kind !== 'tensor-type') return wrong()
  const [first, ...rest] = type.dims
  if (first?.kind !== 'dim' || first.value.kind !== 'name' || environment.get(first.value.name))
    return wrong()
  const sizes = rest.map((dim) => {
    if (dim.kind !== 'dim') return wrong()
    if (dim.value.kind === 'name' && !environment.get(dim.value.name)) return wrong()
    const size = evaluate(scope.elaboration, dim.value, environment)
    return size.kind === 'int' ? size.value : wrong()
  })
  return { dtype: dtypeOf(type.dtype), shape: [rows, ...sizes] }
}

/** A tensor goes by the function's name, those of a record by the names of its fields. */
function outputsOf(name: string, value: ReturnType<typeof callFunction>, span: Span): readonly Output[] {
  if (value.kind === 'tensor') return [{ name, value: value.value }]
  const fields = value.kind === 'record' ? [...value.fields] : []
  const outputs = fields.flatMap(([field, v]) =>
    v.kind === 'tensor' ? [{ name: field, value: v.value }] : [],
  )
  if (outputs.length > 0 && outputs.length === fields.length) return outputs
  return fail(
    fixedExport(span, { name, reason: `it gives ${describe(value)}, not a tensor or a record of them` }),
  )
}

function inputName(value: Value): string {
  const role = roleOf(value)
  return role?.kind === 'batch' ? `\`${role.data}.${role.field}\`` : 'a value'
}
