import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aboveStub, whyNoCuda } from './provider.js'
import type { Line } from './steps.js'

/*
 * Aim: above libraries that compute nothing, a stage's state stays on the device: a step sends what it is fed and brings
 * back what it tells, captured runs launch nothing by themselves and read nothing of the host, and all is given back.
 */

describe.skipIf(whyNoCuda !== undefined)(
  `the C API on CUDA${whyNoCuda === undefined ? '' : `: ${whyNoCuda}`}`,
  () => {
    let stub: ReturnType<typeof aboveStub>
    let scratch: string
    beforeAll(() => {
      stub = aboveStub()
      scratch = mkdtempSync(join(tmpdir(), 'dcrc-cuda-runs-'))
    })
    afterAll(() => {
      rmSync(stub.folder, { recursive: true })
      rmSync(scratch, { recursive: true })
    })

    const node = (...words: readonly string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', ...words], { env: stub.env, encoding: 'utf8' })

    function steps(...words: readonly string[]): readonly Line[] {
      const { stdout, stderr, status } = node('test/cuda/steps.ts', ...words)
      expect(status, stderr.slice(-2000)).toBe(0)
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
    }

    /** What a step added to a count. */
    const added = (lines: readonly Line[], step: number, count: keyof Line['counts']): number =>
      (lines[step]?.counts[count] ?? NaN) - (lines[step - 1]?.counts[count] ?? NaN)

    const stage = ['pipelines/quickstart/quickstart.dcr', 'enhance']

    it('sends what a step is fed and brings back what it tells', { timeout: 300_000 }, () => {
      const lines = steps(...stage, '4')
      for (const step of [2, 3, 4]) {
        expect(added(lines, step, 'toDevice')).toBe(lines[step]?.fed)
        expect(added(lines, step, 'toHost')).toBe(lines[step]?.told)
        expect(added(lines, step, 'launches')).toBeGreaterThan(1000)
      }
      expect(added(lines, 4, 'used')).toBe(0)
      expect(lines.at(-1)?.counts.used).toBe(0)
    })

    it('records both turns of the state, then launches each as a whole', { timeout: 300_000 }, () => {
      const lines = steps(...stage, '5', 'captured')
      expect([1, 2, 3, 4, 5].map((step) => added(lines, step, 'graphLaunches'))).toEqual([1, 1, 1, 1, 1])
      expect([3, 4, 5].map((step) => added(lines, step, 'launches'))).toEqual([0, 0, 0])
      for (const step of [3, 4, 5]) expect(added(lines, step, 'toDevice')).toBe(lines[step]?.fed)
      // what a captured run would read of the host is no longer there when it runs again
      expect(lines.at(-1)?.counts.inCapture).toBe(0)
      expect(lines.at(-1)?.counts.used).toBe(0)
    })

    it('saves, and goes on from what was saved', { timeout: 300_000 }, () => {
      const [file, run] = ['p.dcr', 'run'].map((name) => join(scratch, name)) as [string, string]
      writeFileSync(
        file,
        `use std.nn { Linear }
pipeline p {
  model head = Linear(4, 4)
  let x = draw normal of [8, 4]
  stage fit {
    train head
    minimize mean(square(head(x) - x))
    optimizer adamw(lr = 0.01)
    steps 6
    accumulate 2
    ema 0.9
  }
  evaluate seen = average(value = mean(head(x)), batches = 2)
  export head
}`,
      )
      const first = node('src/cli/main.ts', 'run', file, '--target', 'cuda', '--run-dir', run, '--steps', '3')
      expect(first.status, first.stderr).toBe(0)
      const rest = node('src/cli/main.ts', 'run', file, '--target', 'cuda', '--run-dir', run, '--resume')
      expect(rest.status, rest.stderr).toBe(0)
      expect(readdirSync(join(run, 'checkpoints')).length).toBeGreaterThan(0)
      expect(readdirSync(join(run, 'export'))).toEqual(['head'])
    })

    it('is what runs there: the binding cannot say how the provider is to compute', () => {
      const file = join(scratch, 'p.dcr')
      const { status, stderr } = node(
        'src/cli/main.ts',
        'run',
        file,
        '--target',
        'cuda',
        '--executor',
        'binding',
      )
      expect(status).toBe(1)
      expect(stderr).toContain('run/no-executor')
    })
  },
)
