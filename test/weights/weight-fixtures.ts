import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { bytesPerElement, type DType } from '../../src/graph/types.js'
import { findWeights } from '../../src/weights/find.js'
import { type Match, type WantedParameter, matchWeights } from '../../src/weights/match.js'
import { openWeights } from '../../src/weights/open.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { type StoredTensor, type WeightTable, isStored } from '../../src/weights/table.js'
import { Conversions, holdsWeights } from '../../src/weights/conversions.js'

/** What test/oracle/weight_files.py saved with torch, transformers and diffusers. */
export const saved = (name: string): string =>
  fileURLToPath(new URL(`../oracle/fixtures/weights/${name}`, import.meta.url))

export async function openSaved(from: string, cache: string): Promise<WeightTable> {
  const place = findWeights(from, '/', {})
  if (place.kind === 'missing') throw new Error(place.problem)
  return openWeights(place, cache)
}

/** Opens weights as parameters of the names, shapes and types that torch's own values have. */
export async function loadAs(
  from: string,
  valuesOf: string,
  cache: string,
  ignore: readonly string[] = [],
): Promise<{ match: Match; tensors: ReadonlyMap<string, StoredTensor> }> {
  const { tensors: values } = await openSafetensors(join(saved(valuesOf), 'values.safetensors'))
  const wanted = [...values].map(([path, { dtype, shape }]): WantedParameter => ({
    path,
    dtype: dtype as DType,
    shape,
  }))
  const match = matchWeights(await openSaved(from, cache), wanted, ignore)
  const kept = [...match.found].filter(([, t]) => isStored(t) && values.get(t.name)?.dtype === t.dtype)
  const others = [...match.found.values()].filter(
    (t) => !kept.some(([, k]) => k === t) && holdsWeights(t.dtype),
  )
  const converted = await new Conversions({ cache, run: join(cache, 'run') }).convert(others, null)
  return { match, tensors: new Map([...(kept as [string, StoredTensor][]), ...converted]) }
}

/** Expects every tensor to hold the bytes that torch reads. */
export async function expectValues(
  tensors: ReadonlyMap<string, StoredTensor>,
  valuesOf: string,
  without: readonly string[] = [],
): Promise<void> {
  const { tensors: values } = await openSafetensors(join(saved(valuesOf), 'values.safetensors'))
  expect([...tensors.keys(), ...without].toSorted()).toEqual([...values.keys()].toSorted())
  for (const [name, wanted] of values) {
    if (without.includes(name)) continue
    const got = tensors.get(name)
    if (!got) throw new Error(name)
    const [a, b] = [Buffer.from(await readTensor(got)), Buffer.from(await readTensor(wanted))]
    expect([name, got.dtype, a.equals(b)]).toEqual([name, wanted.dtype, true])
    expect(a.length % bytesPerElement[got.dtype as DType]).toBe(0)
  }
}
