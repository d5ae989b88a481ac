import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { type HostTensor, toFloat32 } from '../../src/runtime/tensors.js'
import { type Inputs, type WeightSource, compileText, evaluateOnce, relativeError } from './harness.js'

const json = <T>(folder: string, name: string): T =>
  JSON.parse(readFileSync(new URL(`../${folder}/${name}.json`, import.meta.url), 'utf8')) as T

/** Values published or computed before this project. */
export const golden = <T>(name: string): T => json('golden', name)

/** Values that a script of `test/oracle` wrote. */
export const oracle = <T>(name: string): T => json('oracle/fixtures', name)

export type Nested = number | readonly Nested[]

export const flat = (values: Nested): number[] =>
  typeof values === 'number' ? [values] : values.flatMap(flat)

/** Lists of lists of numbers as a tensor. */
export function tensor(values: Nested, dtype: 'f32' | 'i64' = 'f32'): HostTensor {
  const shape: number[] = []
  for (let at = values; typeof at !== 'number'; at = at[0] ?? 0) shape.push(at.length)
  return dtype === 'f32'
    ? { dtype, shape, data: Float32Array.from(flat(values)) }
    : { dtype, shape, data: BigInt64Array.from(flat(values), BigInt) }
}

const noWeights: WeightSource = (model, path) => {
  throw new Error(`no parameter ${model}.${path}`)
}

/** Inputs by the path of their draw. */
export const from =
  (tensors: Readonly<Record<string, HostTensor>>): Inputs =>
  (path) => {
    const found = tensors[path]
    if (!found) throw new Error(`no input ${path}`)
    return found
  }

/** `kept(x)`: the entries of any tensor in the shape of pictures, the one kind of evaluation that keeps tensors. */
export const kept = `
fn kept(x) {
  all = cast(flatten(x), f32)
  count = shape(all)[0]
  rows = floor_div(count + 2, 3)
  reshape(if 3 * rows == count { all } else { concat([all, zeros([3 * rows - count])], axis = 0) }, [rows, 3, 1, 1])
}`

/** The relative error of a kept tensor, without the entries that fill it up. */
export function keptError(actual: Float32Array | undefined, expected: ArrayLike<number>): number {
  const all = actual ?? new Float32Array()
  expect(all.length).toBe(3 * Math.ceil(expected.length / 3))
  return relativeError(all.subarray(0, expected.length), expected)
}

/** The results of `evaluate <name> = pictures(original = kept(a), reconstruction = kept(b))`. */
export async function evaluated(
  text: string,
  name: string,
  inputs: Inputs,
): Promise<Readonly<Record<string, Float32Array>>> {
  const results = await evaluateOnce(compileText(text + kept), name, noWeights, inputs)
  return Object.fromEntries([...results].map(([key, value]) => [key, toFloat32(value)]))
}
