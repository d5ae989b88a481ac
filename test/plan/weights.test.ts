import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeConversions, fileConversions } from '../../src/cli/plan-weights.js'
import { rawBytes } from '../../src/compiler/9-emit/raw.js'
import { plan } from '../../src/compiler/index.js'
import { type DType, tensor } from '../../src/graph/types.js'
import { runPipeline } from '../../src/runtime/run.js'
import { writeSafetensors } from '../../src/weights/safetensors.js'
import { requestOf } from '../check/analyze.js'
import { compileText } from '../parity/harness.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, dtype: DType): Promise<void> =>
  writeSafetensors(join(folder, name), [
    { name: 'weight', dtype, shape: [2, 3], content: rawBytes(tensor(dtype, [2, 3], [1, 2, 3, 4, 5, 6])) },
    { name: 'bias', dtype, shape: [2], content: rawBytes(tensor(dtype, [2], [0.5, -1])) },
  ])

const text = `
use std.nn { Linear }
pipeline types {
  model exact = Linear(3, 2) from "exact.safetensors"
  model half = Linear(3, 2) from "half.safetensors"
  model narrow = Linear(3, 2) from "exact.safetensors" as bf16
  model absent = Linear(3, 2) from "absent.safetensors" as f16
  model broken = Linear(3, 2) from "broken.safetensors"
  model head = Linear(2, 2)
  let x = draw normal of [4, 3]
  loss far = mean(square(head(exact(x) + half(x) + narrow(x))))
  stage learn { train head; minimize far; optimizer adamw(lr = 0.01); steps 1 }
}`

test('the plan lists what a run converts of the files that are there, and what an earlier run has converted', async () => {
  await write('exact.safetensors', 'f32')
  await write('half.safetensors', 'f16')
  writeFileSync(join(folder, 'broken.safetensors'), 'no weights')
  const { plan: made, models = [] } = plan(requestOf(text))
  if (!made) throw new Error('no plan')
  const files = await fileConversions(models, folder)
  const size = { tensors: 2, elements: 8 }
  expect(files).toEqual([
    { model: 'half', from: ['f16'], ...size, done: false },
    { model: 'narrow', from: ['f32'], ...size, done: false },
  ])
  expect(describeConversions(made.conversions, files)).toEqual([
    'weights converted once, into files that later runs read',
    '  narrow       8 parameters (2 tensors) f32 to bf16, 32 B in f32',
    '  absent       8 parameters (2 tensors) to f16, 32 B in f32',
    '  half         8 parameters (2 tensors) f16 to f32, 32 B',
  ])
  const trained = compileText(text.replace(/  model (absent|broken) .*\n/g, ''))
  expect((await runPipeline(trained, { root: folder, runDir: join(folder, 'run') })).status).toBe('done')
  expect((await fileConversions(models, folder)).map(({ done }) => done)).toEqual([true, true])
  await write('half.safetensors', 'bf16')
  expect((await fileConversions(models, folder)).map(({ from, done }) => [...from, done])).toEqual([
    ['bf16', false],
    ['f32', true],
  ])
})
