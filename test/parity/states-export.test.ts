import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { type SafetensorsFile, openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { exportedFolder, runExports } from '../tools/export-fixture.js'
import { Fixture, relativeError } from './harness.js'

/*
 * Aim: what a run exports of models with states is what PyTorch loads: it loaded the running statistics of a model and
 * of its momentum encoder without a missing or unexpected key, and computed with them in `eval()`
 * (test/oracle/states_export.py). A run today writes the same tensors and computes the same.
 */
const shown = exportedFolder('states_export')
let fixture: Fixture
const folder = mkdtempSync(join(tmpdir(), 'dcrc-states-'))
const written = join(folder, 'run/export')
beforeAll(async () => {
  fixture = await Fixture.open('states_export')
  await runExports('states_export', join(folder, 'run'))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

const open = (root: string, name: string): Promise<SafetensorsFile> =>
  openSafetensors(join(root, name, 'model.safetensors'))

describe.each([
  ['net', 'seen'],
  ['teacher', 'taught'],
])('%s', (name, fn) => {
  test('is loaded by PyTorch with every key, of its type, and no other', () => {
    expect(fixture.facts[name]).toEqual({
      missing: [],
      unexpected: [],
      'same types': true,
      // one forward of either network in each of 8 steps
      batches: [8, 8],
    })
  })

  test('is written today as it was shown to PyTorch', async () => {
    const [now, then] = await Promise.all([open(written, name), open(shown, name)])
    const table = ({ tensors }: SafetensorsFile) =>
      [...tensors.values()].map((t) => [t.name, t.dtype, ...t.shape])
    expect(table(now)).toEqual(table(then))
    for (const [path, stored] of then.tensors) {
      const other = now.tensors.get(path)
      if (!other) throw new Error(path)
      const [a, b] = [await readTensor(other), await readTensor(stored)]
      if (stored.dtype === 'i64') expect(a).toEqual(b)
      // sums of 8 steps differ between processors by their rounding
      else expect(relativeError(new Float32Array(a), new Float32Array(b)), path).toBeLessThan(1e-4)
    }
  })

  test('gives as a function what PyTorch computes, with its statistics', async () => {
    const x = await fixture.tensor('x')
    const [wanted, without] = await Promise.all(
      ['eval', 'without'].map(async (kind) => toFloat32(await fixture.tensor(`${name}/${kind}`))),
    )
    const session = await InferenceSession.create(join(written, fn, 'model.onnx'))
    const results = await session.run({ x: new Tensor('float32', toFloat32(x), [5, 2, 4, 4]) })
    await session.release()
    const got = results[fn]?.data as Float32Array
    expect(relativeError(got, wanted ?? [])).toBeLessThan(1e-4)
    expect(relativeError(got, without ?? [])).toBeGreaterThan(0.05)
  })
})
