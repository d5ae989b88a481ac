import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/runtime/run.js'
import { Probe, type State } from './probe.js'
import { Project } from './project.js'
import { rounding } from '../rounding.js'
import { metricsOf } from './runs.js'

/*
 * Aim: the quickstart with its pairs in chunks of rows trains as it does with all pairs at once, in float32 on
 * onnxruntime: the loss, the gradient of every trained tensor, and the metrics of several steps.
 */

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())

/** The batch of the quickstart, in which each row is paired with each. */
const rows = 8
/**
 * Of the loss, the norm of a tensor's gradient, or a metric, relative to itself: the sums that chunks split are those
 * over the pairs.
 */
const tolerance = rounding(rows * rows)

const pipeline = (clauses: string): string => `
use "./quickstart.dcr" { dcr }
pipeline chunks extends dcr {
  override stage align { ${clauses} }
  override stage enhance { ${clauses} }
  remove evaluate gate; remove evaluate mnist; remove evaluate categories; remove evaluate detail; remove evaluate grid
}`

const norm = (x: Float32Array): number => Math.hypot(...x)

describe.each(['align', 'enhance'])('stage %s', (name) => {
  /**
   * What one step takes from a tensor is its gradient times the rate, which is so large that the rounding of the tensor
   * does not show.
   */
  const rate = 2 ** 16
  const sgd = `optimizer sgd(lr = ${rate}.0); schedule constant(); clip_norm 1e30`

  test('loss and gradients by chunks of 1 and of 4 rows of 8 are those of all rows at once', async () => {
    const once = async (clauses: string): Promise<{ loss: number; gradients: State }> => {
      const artefact = project.compileText(pipeline([sgd, clauses].filter(Boolean).join('; ')))
      expect(artefact.manifest.params['batch']).toBe(rows)
      const probe = await Probe.open(artefact, name, project.root, project.path('runs', name))
      const { loss, state } = await probe.step()
      const gradients = new Map(
        [...probe.start].map(([key, x]) => [key, x.map((v, i) => (v - (state.get(key)?.[i] ?? NaN)) / rate)]),
      )
      await probe.close()
      return { loss, gradients }
    }
    const whole = await once('')
    const total = Math.hypot(...[...whole.gradients.values()].map(norm))
    for (const chunk of [1, 4]) {
      const chunked = await once(`chunk ${chunk}`)
      expect(Math.abs(chunked.loss - whole.loss) / whole.loss).toBeLessThan(tolerance)
      for (const [key, x] of whole.gradients) {
        const other = chunked.gradients.get(key) ?? new Float32Array()
        const difference = norm(x.map((v, i) => v - (other[i] ?? NaN)))
        // The bias of keys moves no softmax: its gradient is 0, and both sides are rounding errors.
        const size = key.endsWith('k_proj.bias') ? total : norm(x)
        expect(difference / size, `${key}, chunk ${chunk}`).toBeLessThan(tolerance)
      }
    }
  }, 300_000)
})

test('losses, norms of gradients and monitors of several steps are the same', async () => {
  const metrics = async (name: string, clauses: string) => {
    const runDir = project.path('runs', name)
    const options = { root: project.root, runDir, steps: 4, seed: 5, threads: 1 }
    const { status } = await runPipeline(project.compileText(pipeline(clauses)), options)
    expect(status).not.toBe('failed')
    return metricsOf(runDir)
  }
  const whole = await metrics('whole', '')
  const chunked = await metrics('chunked', 'chunk 2')
  expect(whole).toHaveLength(8)
  expect(chunked).toHaveLength(8)
  for (const [k, line] of whole.entries()) {
    const other = chunked[k]
    const numbers = (l: typeof other): readonly number[] =>
      l ? [l.loss, l.grad_norm, ...Object.values(l.monitors)].map(Number) : []
    for (const [i, value] of numbers(line).entries())
      expect(
        Math.abs((numbers(other)[i] ?? NaN) - value) / Math.abs(value),
        `${line.stage} ${line.step}`,
      ).toBeLessThan(tolerance)
  }
}, 300_000)
