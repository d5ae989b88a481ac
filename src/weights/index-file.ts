import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { readFile } from '../disk.js'
import { repeatedKey } from './repeated-key.js'
import type { SourceTensor, WeightTable } from './table.js'
import { WeightsError } from './weights-error.js'

const schema = z.object({ weight_map: z.record(z.string(), z.string()) })

/** 100,000 tensors take 12 MB. */
const maxIndex = 16 * 1024 * 1024

/**
 * The tensors of weights that are split over files, as an index says which lies where. Each file holds just the tensors
 * that the index gives it, so none can come from two. Throws WeightsError.
 */
export async function openIndex(
  file: string,
  openPart: (file: string) => Promise<WeightTable>,
): Promise<WeightTable> {
  const places = await readIndex(file)
  const tensors = new Map<string, SourceTensor>()
  const aliases = new Map<string, string>()
  for (const part of new Set(places.values())) {
    const path = join(dirname(file), part)
    const opened = await openPart(path).catch((error: unknown) => {
      throw isAbsent(error) ? new WeightsError(file, `its part ${part} is not there`) : error
    })
    for (const [name, kept] of opened.aliases ?? []) aliases.set(name, kept)
    for (const [name, tensor] of opened.tensors) {
      const place = places.get(name)
      if (place !== part)
        throw new WeightsError(
          path,
          place === undefined
            ? `it holds "${name}", which the index ${file} does not name`
            : `it holds "${name}", which the index ${file} places in ${place}: two files have one tensor`,
        )
      tensors.set(name, tensor)
    }
  }
  for (const [name, part] of places)
    if (!tensors.has(name))
      throw new WeightsError(file, `it places "${name}" in ${part}, which does not hold it`)
  return { file, tensors }
}

/** The paths of an index's parts. Throws WeightsError. */
export async function partsOfIndex(file: string): Promise<readonly string[]> {
  const places = await readIndex(file)
  return [...new Set(places.values())].sort().map((part) => join(dirname(file), part))
}

/** The name of the file in which each tensor lies. */
async function readIndex(file: string): Promise<ReadonlyMap<string, string>> {
  const { size } = await stat(file)
  if (size > maxIndex)
    throw new WeightsError(file, `it has ${size} bytes; the limit of an index is ${maxIndex}`)
  const text = await readFile(file, 'utf8')
  const json = parse(text, file)
  const twice = repeatedKey(text)
  if (twice !== undefined) throw new WeightsError(file, `it names "${twice}" twice`)
  const index = schema.safeParse(json)
  if (!index.success) throw new WeightsError(file, 'it has no "weight_map" from names to files')
  const places = new Map(Object.entries(index.data.weight_map))
  for (const [name, part] of places) {
    if (part === '' || part === '..' || /[/\\\0]/.test(part))
      throw new WeightsError(file, `it places "${name}" in ${JSON.stringify(part)}, outside of its folder`)
  }
  return places
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new WeightsError(file, 'it is not JSON')
  }
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
