import type { DataSpec } from '../artefact/data.js'

type Names = readonly string[]

/** The names of the numbers of a field that is a column as it stands. */
export function namesOfField(
  { fields, parts }: Pick<DataSpec, 'fields' | 'parts'>,
  field: string,
  namesIn: (part: number) => ReadonlyMap<string, Names> | undefined,
): Names | undefined {
  const at = fields.findIndex(({ name }) => name === field)
  for (const [k, { values }] of parts.entries()) {
    const value = values[at]
    const names = value?.kind === 'column' ? namesIn(k)?.get(value.name) : undefined
    if (names) return names
  }
  return undefined
}
