import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'

/** A batch normalization, called twice a step and once by a monitor; a copy, a queue, and micro-batches. */
const artefact = compileText(`
use std.nn { BatchNorm1d, Linear }
module Net {
  first = Linear(3, 4)
  bn = BatchNorm1d(4)
  fn forward(x) = bn(first(x))
}
pipeline carried {
  model net = Net()
  state teacher = copy(net)
  state queue: f32[6, 4] = normal()
  let x = draw normal of [5, 3]
  let keys = teacher(x)
  loss far = mean(square(net(x) - keys)) + mean(square(net(2.0 * x))) + mean(queue)
  next queue = concat([queue[5:], keys], axis = 0)
  next teacher = 0.9 * teacher + 0.1 * net after update
  stage learn {
    train net
    minimize far
    optimizer adamw(lr = 0.05)
    steps 4
    accumulate 3
    save_every 2
    monitor seen = mean(net(x))
    allow "stage/coupled-accumulation" "on purpose"
  }
  export net, teacher
}`)

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const run = (to: string, options = {}) =>
  runPipeline(artefact, { root: folder, runDir: join(folder, to), threads: 1, seed: 3, ...options })

describe('states', () => {
  test('go on from a checkpoint as if the run had never stopped, to the bit', async () => {
    expect((await run('whole')).status).toBe('done')
    expect((await run('parts', { steps: 2 })).status).toBe('done')
    expect((await run('parts', { resume: true })).status).toBe('done')
    for (const file of ['net', 'teacher', 'queue', 'optimizer']) {
      const [one, other] = ['whole', 'parts'].map((name) =>
        readFileSync(join(folder, name, 'checkpoints', 'learn-4', `${file}.safetensors`)),
      )
      expect(other?.equals(one ?? Buffer.alloc(0))).toBe(true)
    }
  })

  test("are exported under torch's names; a call for each view and micro-batch counts, none of a monitor", async () => {
    await run('whole')
    const { tensors } = await openSafetensors(join(folder, 'whole', 'export', 'net', 'model.safetensors'))
    expect([...tensors.keys()].sort()).toEqual(
      [
        'first.weight',
        'first.bias',
        'bn.weight',
        'bn.bias',
        'bn.running_mean',
        'bn.running_var',
        'bn.num_batches_tracked',
      ].sort(),
    )
    const count = tensors.get('bn.num_batches_tracked')
    expect(count?.dtype).toBe('i64')
    expect(new BigInt64Array(await readTensor(count ?? expect.fail()))).toEqual(BigInt64Array.of(24n))
  })
})
