import type { Json } from '../../artefact/json.js'
import type { Val } from './values.js'

/** A static value as JSON; undefined for values that have no plain form. */
export function plain(value: Val): Json {
  switch (value.kind) {
    case 'int':
    case 'float':
    case 'bool':
    case 'string':
      return value.value
    case 'list':
    case 'tuple':
      return value.items.map(plain)
    case 'record':
      return Object.fromEntries([...value.fields].map(([k, v]) => [k, plain(v)]))
    default:
      return null
  }
}
