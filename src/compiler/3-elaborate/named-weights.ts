import type { KeySpec } from '../../artefact/models.js'
import type { Val } from './values.js'

/** The record of std.upstream that `from` takes in place of a path. */
const recordName = 'NamedWeights'

/** The file of a `NamedWeights`, as a text that knows where it stands, and its keys. Undefined for another value. */
export function namedWeights(
  value: Val,
): { readonly file: Val & { readonly kind: 'string' }; readonly keys: readonly KeySpec[] } | undefined {
  if (value.kind !== 'record' || value.type?.declaration.name.text !== recordName) return undefined
  const [file, keys] = [value.fields.get('file'), value.fields.get('keys')]
  if (file?.kind !== 'string' || keys?.kind !== 'list') return undefined
  return { file, keys: keys.items.map(keyOf) }
}

/** The types of the record's fields were checked when it was made. */
function keyOf(value: Val): KeySpec {
  const fields = value.kind === 'record' ? value.fields : new Map<string, Val>()
  const text = (name: string): string => {
    const field = fields.get(name)
    return field?.kind === 'string' ? field.value : ''
  }
  const int = (name: string): number => {
    const field = fields.get(name)
    return field?.kind === 'int' ? field.value : 0
  }
  const transposed = fields.get('transposed')
  return {
    path: text('path'),
    name: text('name'),
    transposed: transposed?.kind === 'bool' && transposed.value,
    part: int('part'),
    parts: Math.max(int('parts'), 1),
  }
}
