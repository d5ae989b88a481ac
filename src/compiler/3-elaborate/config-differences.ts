import type { Span } from '../../diagnostics/diagnostic.js'
import type { RecordField } from '../1-parse/syntax.js'
import { keysOf } from './config-reader.js'
import { type RecordVal, type Val, literal, none, staticEqual } from './values.js'

/** A field in which two records of one type differ. */
export interface Difference {
  readonly key: string
  readonly file: string
  readonly given: string
  /** Where each value was chosen. */
  readonly fileSpan: Span | undefined
  readonly givenSpan: Span | undefined
}

/** How a record that a pipeline gives differs from the one that a directory gives, key by key. */
export function differences(given: RecordVal, file: RecordVal, prefix = ''): readonly Difference[] {
  const { declaration } = file.type ?? {}
  return (declaration?.fields ?? []).flatMap((field: RecordField): readonly Difference[] => {
    const name = field.name.text
    const [a, b] = [given.fields.get(name) ?? none, file.fields.get(name) ?? none]
    const key = prefix + (keysOf(field)[0] ?? name)
    if (a.kind === 'record' && b.kind === 'record') {
      const own = b.type?.declaration.mirrors?.text
      const other = own !== undefined && own !== declaration?.mirrors?.text
      return differences(a, b, other ? `${own}: ` : `${key}.`)
    }
    if (alike(a, b)) return []
    const [givenSpan, fileSpan] = [given.origins?.get(name), file.origins?.get(name)]
    return [{ key, given: literal(a), file: literal(b), givenSpan, fileSpan }]
  })
}

/** Equal, or a number for all blocks beside a list of one for each: upstream takes either. */
function alike(a: Val, b: Val): boolean {
  if (staticEqual(a, b) === true) return true
  const [one, many] = a.kind === 'list' ? [b, a] : [a, b]
  if (many.kind !== 'list' || (one.kind !== 'int' && one.kind !== 'float')) return false
  return many.items.length > 0 && many.items.every((item) => staticEqual(item, one) === true)
}
