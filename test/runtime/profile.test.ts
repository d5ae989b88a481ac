import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { profileReport } from '../../src/cli/profile-report.js'
import { flopsOf, readProfile } from '../../src/runtime/profile.js'
import { runPipeline } from '../../src/runtime/run.js'
import { compileText } from '../parity/harness.js'

/* Aim: what a profile says of a line is what its nodes do: operations counted by hand, each node at its place. */

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-profile-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const float = (...dims: number[]) => ({ float: dims })
test.each([
  [
    'MatMul',
    [
      [2, 3],
      [3, 4],
    ],
    [2, 4],
    2 * 2 * 3 * 4,
  ],
  ['Gemm', [[3, 2], [3, 4], [4]], [2, 4], 2 * 2 * 3 * 4],
  [
    'MatMul',
    [
      [6, 2, 3],
      [6, 3, 4],
    ],
    [6, 2, 4],
    6 * 2 * 2 * 3 * 4,
  ],
  [
    'MatMul',
    [
      [6, 2, 3],
      [3, 4],
    ],
    [6, 2, 4],
    6 * 2 * 2 * 3 * 4,
  ],
  [
    'FusedMatMul',
    [
      [6, 3, 2],
      [6, 4, 3],
    ],
    [6, 2, 4],
    6 * 2 * 2 * 3 * 4,
  ],
  ['Conv', [[1, 3, 8, 8], [5, 3, 3, 3], [5]], [1, 5, 6, 6], 2 * 5 * 6 * 6 * 3 * 3 * 3],
  [
    'Add',
    [
      [2, 3],
      [2, 3],
    ],
    [2, 3],
    0,
  ],
])('%s of %j takes so many operations', (op, inputs, output, flops) => {
  const sizes = { output_size: 0, activation_size: 0, parameter_size: 0 }
  const shapes = { input_type_shape: inputs.map((d) => float(...d)), output_type_shape: [float(...output)] }
  expect(flopsOf({ op_name: op, ...sizes, ...shapes })).toBe(flops)
})

test('a run says what each line took', async () => {
  const artefact = compileText(`
module Line() { w: float[4, 5] = zeros; fn forward(x) = x @ w }
pipeline p {
  model a = Line()
  stage fit {
    train a
    minimize mean(square(a(draw normal of [3, 4]) - 1.0))
    optimizer sgd(lr = 0.1)
    steps 7
  }
  export a
}`)
  const run = join(folder, 'run')
  const result = await runPipeline(artefact, { root: folder, runDir: run, threads: 1, profile: true })
  expect(result.status).toBe('done')
  const rows = readProfile(run, artefact.manifest)
  const line = rows.find(({ place }) => place?.startsWith('test.dcr:2:'))
  // the product, and the one of its derivative by w, in each of seven steps
  expect(line?.flops).toBe(7 * 2 * (2 * 3 * 4 * 5))
  expect(rows.every(({ ms }) => ms > 0)).toBe(true)
  expect(rows.some(({ place }) => place?.startsWith('test.dcr:7:'))).toBe(true)
  const [head, first] = profileReport({ rows, steps: 7, flopsPerSecond: 1e9 }, 80).split('\n')
  expect(head).toMatch(/^line +a step +share +moved +of sgemm +operators$/)
  expect(first).toMatch(/ ms +[\d.]+ % /)
})
