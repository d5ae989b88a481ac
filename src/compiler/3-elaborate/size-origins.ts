import type { Label, Span } from '../../diagnostics/diagnostic.js'
import { type Value, producer } from '../../graph/graph.js'
import type { Expression } from '../1-parse/syntax.js'
import type { Elaboration } from './elaboration.js'
import type { Environment } from './environment.js'
import type { Val } from './values.js'

/**
 * Where a static number was chosen: behind names of parameters and fields of records, the place that gave them their
 * value. So a width is traced through modules to the line of the user that said it.
 */
export function originOf(e: Expression, env: Environment): Span | undefined {
  if (e.kind === 'name') return env.origin(e.name)
  if (e.kind !== 'field') return undefined
  const object = known(e.object, env)
  if (object?.kind === 'record') return object.origins?.get(e.name.text)
  return object?.kind === 'instance' ? object.environment.origin(e.name.text) : undefined
}

/** The value of a name, or of a field of one, that has been evaluated already. */
function known(e: Expression, env: Environment): Val | undefined {
  if (e.kind === 'name') return env.evaluated(e.name)
  const object = e.kind === 'field' ? known(e.object, env) : undefined
  return e.kind === 'field' && object?.kind === 'record' ? object.fields.get(e.name.text) : undefined
}

/** How far back from an operand a size is looked for. */
const reach = 400

/** For a complaint about sizes: which arguments of modules chose those of the operands, one label for each operand. */
export function sizeOrigins(x: Elaboration, operands: readonly Value[], at: Span): readonly Label[] {
  if (operands.length < 2) return []
  // element types that differ are the complaint, not sizes
  if (operands.some((value) => value.type.dtype !== operands[0]?.type.dtype)) return []
  const labels = operands.flatMap((value) => sizeOrigin(x, value) ?? [])
  const own = (label: Label): boolean =>
    !label.span.file.startsWith('std/') && (label.span.file !== at.file || label.span.start !== at.start)
  return labels.filter((label, k) => own(label) && labels.findIndex((l) => l.span === label.span) === k)
}

/** The nearest parameter that gave a value the size of its last axis. */
function sizeOrigin(x: Elaboration, value: Value): Label | undefined {
  const size = value.type.shape.at(-1)
  const seen = new Set<Value>([value])
  for (const v of seen) {
    const weight = x.weightOf(v)
    const axis = weight ? weight.type.shape.findIndex((d, k) => d === size && weight.origins[k]) : -1
    const span = weight?.origins[axis]
    if (span) return { span, message: `${size} wide because of this` }
    if (seen.size > reach) return undefined
    for (const input of producer(v)?.inputs ?? []) if (input?.type.shape.includes(size ?? 0)) seen.add(input)
  }
  return undefined
}
