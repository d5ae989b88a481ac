import { DataInvalid } from '../dataset.js'
import { byName } from './by-name.js'

/** Classes in the order of their names, as they are numbered; throws where a pipeline counts on another number. */
export function classNames(found: Iterable<string>, declared: number, where: string): readonly string[] {
  const names = [...new Set(found)].toSorted(byName)
  if (declared === 0 || names.length === declared) return names
  const some = names.slice(0, 5).join(', ')
  throw new DataInvalid(
    `${where} has ${names.length} classes (${some}${names.length > 5 ? ', ...' : ''}), not ${declared}`,
    `write \`classes = ${names.length}\`, and give the model as many`,
  )
}
