import { DataInvalid } from '../dataset.js'
import { byName } from './by-name.js'

/** Classes in the order of their names, as they are numbered; throws where a pipeline counts on another number. */
export function classNames(found: Iterable<string>, declared: number, where: string): readonly string[] {
  const names = [...new Set(found)].toSorted(byName)
  const alike = sameWhenComposed(names)
  if (alike)
    throw new DataInvalid(
      `${where} has two classes that read ${alike}, one in composed and one in decomposed letters`,
      'give both the same name: `convmv -f utf8 -t utf8 --nfc -r --notest FOLDER` renames folders',
    )
  if (declared === 0 || names.length === declared) return names
  const some = names.slice(0, 5).join(', ')
  throw new DataInvalid(
    `${where} has ${names.length} classes (${some}${names.length > 5 ? ', ...' : ''}), not ${declared}`,
    `write \`classes = ${names.length}\`, and give the model as many`,
  )
}

/** A name that is there in two forms of Unicode: what macOS and what others write. */
function sameWhenComposed(names: readonly string[]): string | undefined {
  const composed = new Set<string>()
  return names.find((name) => {
    const form = name.normalize('NFC')
    const known = composed.has(form)
    composed.add(form)
    return known
  })
}
