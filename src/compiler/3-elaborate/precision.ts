import { badPrecision } from '../../diagnostics/catalogue/model.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { type NarrowFloat, narrowFloats } from '../../graph/types.js'
import type { Expression, Identifier } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { describe } from './values.js'

/** A type to which weights are rounded, and where the source says so. */
export interface Narrow {
  readonly type: NarrowFloat
  readonly span: Span
}

const names: readonly string[] = ['f32', ...narrowFloats]

const narrowed = (name: string, span: Span): Narrow | undefined => {
  const type = narrowFloats.find((t) => t === name)
  return type && { type, span }
}

/** `as bf16` on a model; undefined for `as f32`, which says what is so without it. */
export function modelPrecision({ text, span }: Identifier): Narrow | undefined {
  if (names.includes(text)) return narrowed(text, span)
  return fail(badPrecision(span, { clause: 'as', got: `\`${text}\``, suggestion: closest(text, names) }))
}

/** `precision bf16` in a stage. */
export function stagePrecision(x: Elaboration, e: Expression, env: Environment): Narrow | undefined {
  const value = evaluate(x, e, env)
  if (value.kind === 'dtype' && names.includes(value.dtype)) return narrowed(value.dtype, e.span)
  return fail(badPrecision(e.span, { clause: 'precision', got: describe(value) }))
}
