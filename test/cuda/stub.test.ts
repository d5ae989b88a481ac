import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cuda } from '../../src/targets/cuda/index.js'
import { kernelsOf21 } from '../../src/targets/cuda/kernels.js'
import { aboveStub, whyNoCuda } from './provider.js'

/*
 * Aim: onnxruntime's real CUDA provider, above libraries that compute nothing, has the kernels that our table says, and
 * takes every node of every graph of our pipelines.
 */

interface Kernels {
  readonly operator: string
  readonly types: readonly string[]
  /** Of graphs in opset 21. */
  readonly in21: readonly string[]
}

describe.skipIf(whyNoCuda !== undefined)(
  `CUDA's provider${whyNoCuda === undefined ? '' : `: ${whyNoCuda}`}`,
  () => {
    let stub: ReturnType<typeof aboveStub>
    beforeAll(() => {
      stub = aboveStub()
    })
    afterAll(() => rmSync(stub.folder, { recursive: true }))

    /** The lines of JSON that a task of prove.ts prints. */
    function prove<T>(...words: readonly string[]): readonly T[] {
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ['--import', 'tsx', 'test/cuda/prove.ts', ...words],
        { env: stub.env, encoding: 'utf8', maxBuffer: 2 ** 28 },
      )
      expect(status, stderr.slice(-2000)).toBe(0)
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as T)
    }

    it('has the kernels of our table', { timeout: 120_000 }, () => {
      const lines = prove<Partial<Kernels>>('kernels')
      const found = lines.flatMap(({ operator, types, in21 }) =>
        operator && types && in21 ? [{ operator, types: types.toSorted(), in21: in21.toSorted() }] : [],
      )
      const ours = found.map(({ operator }) => ({
        operator,
        types: [...(cuda.kernels[operator]?.types ?? [])].toSorted(),
        in21: [...(kernelsOf21[operator]?.types ?? [])].toSorted(),
      }))
      expect(found.length).toBeGreaterThan(80)
      expect(found).toEqual(ours)
      expect(lines.at(-1)).toEqual({ refusedCasts: [], refusedForNothing: [] })
    })

    // `all` with DCRC_PIPELINES=all
    const wanted =
      process.env['DCRC_PIPELINES'] === 'all'
        ? ''
        : 'quickstart/quickstart|examples/|#tiny_(dcr|dcr_narrow|diva|genhancer|un2clip)'
    it('takes every node of the pipelines', { timeout: 3_600_000 }, () => {
      const lines = prove<{ readonly refused: string | null; readonly errors?: readonly string[] }>(
        'place',
        wanted,
      )
      expect(lines.filter(({ refused, errors }) => refused !== null || errors)).toEqual([])
      expect(lines.length).toBeGreaterThan(70)
    })
  },
)
