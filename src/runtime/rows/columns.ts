import type { Dataset, Row } from '../sources/dataset.js'

const atATime = 256

/** Some columns of all rows of a data set. */
export async function columnsOf(dataset: Dataset, names: readonly string[]): Promise<readonly Row[]> {
  if (dataset.columns) return dataset.columns(names)
  const found: Row[] = []
  for (let start = 0; start < dataset.length; start += atATime) {
    const indices = Array.from({ length: Math.min(atATime, dataset.length - start) }, (_, i) => start + i)
    await dataset.prepare?.(indices)
    const rows = await Promise.all(indices.map(async (index) => dataset.row(index)))
    for (const row of rows)
      found.push(
        Object.fromEntries(names.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]]))),
      )
  }
  return found
}
