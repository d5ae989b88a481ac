import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunEvent } from '../../src/runtime/events.js'
import type { Measure } from '../../src/runtime/evaluate.js'
import { shareSources } from '../../src/runtime/open-data.js'
import { type RunOptions, type RunResult, runPipeline } from '../../src/runtime/run.js'
import { StartResults } from '../../src/runtime/start-results.js'
import { points, regression } from './regression.js'

/*
 * Aim: runs of one process that go on at the same time come to what each comes to alone, and share what they measure
 * before their first stage.
 */

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const run = (name: string, pipeline: Parameters<typeof regression>[0], options: RunOptions = {}) =>
  runPipeline(regression(pipeline), {
    root: folder,
    runDir: join(folder, name),
    threads: 1,
    openDataset: async () => points(10),
    ...options,
  })

/** What a run leaves that follows from its computation alone. */
const left = (name: string, stages: readonly string[], steps: number): unknown => ({
  checkpoints: stages.map((stage) =>
    ['line', 'optimizer'].map((file) =>
      readFileSync(join(folder, name, `checkpoints/${stage}-${steps}/${file}.safetensors`), 'base64'),
    ),
  ),
  evaluations: readFileSync(join(folder, name, 'eval.json'), 'utf8'),
  losses: readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { loss: number }).loss),
})

/** A sum over all predictions, which tells every bit of the weights that they were made with. */
const sum: Measure = async (_, { results }) => ({
  sum: [...(results['prediction']?.data ?? [])].reduce((a, b) => a + b, 0),
})

test('two runs at the same time give, bit for bit, what each gives alone', async () => {
  const pipelines = [
    { name: 'a', steps: 40, stages: ['first', 'second'], evaluations: true },
    { name: 'b', steps: 25, stages: ['first'], evaluations: true, lr: 0.02, accumulate: 3 },
  ]
  for (const { name, ...pipeline } of pipelines) await run(`${name}-alone`, pipeline, { measure: sum })
  const opened: string[] = []
  const openDataset = shareSources(async ({ source }) => {
    opened.push(source)
    return points(10)
  })
  const options = { measure: sum, startResults: new StartResults(), openDataset }
  await Promise.all(pipelines.map(({ name, ...pipeline }) => run(name, pipeline, options)))
  for (const { name, stages, steps } of pipelines)
    expect(left(name, stages, steps)).toEqual(left(`${name}-alone`, stages, steps))
  expect(opened).toEqual(['points'])
})

describe('what is measured before the first stage', () => {
  /** Two runs from the same start: the second comes to need what the first is measuring, before `held` is over. */
  class TwoRuns {
    readonly measured: string[] = []
    readonly told: Record<'first' | 'second', RunEvent[]> = { first: [], second: [] }
    readonly first: Promise<RunResult>
    readonly second: Promise<RunResult>
    private readonly startResults = new StartResults()
    private measuring = (): void => undefined
    private needed = (): void => undefined

    constructor(held: (needed: Promise<void>) => Promise<void>, signal?: AbortSignal) {
      const measuring = new Promise<void>((resolve) => (this.measuring = resolve))
      const needed = new Promise<void>((resolve) => (this.needed = resolve))
      this.first = this.start('first', {}, () => held(needed))
      this.second = measuring.then(() =>
        this.start('second', signal ? { signal } : {}, () => Promise.resolve()),
      )
    }

    private start(
      name: 'first' | 'second',
      options: RunOptions,
      held: () => Promise<void>,
    ): Promise<RunResult> {
      return run(
        name,
        { steps: 2, evaluations: true },
        {
          startResults: this.startResults,
          onEvent: (event) => {
            this.told[name].push(event)
            // what is measured before the first stage comes after its first step
            if (name === 'second' && event.kind === 'step') setTimeout(this.needed, 50)
          },
          measure: async (spec, input) => {
            this.measured.push(`${name} ${spec.name}`)
            this.measuring()
            if (this.measured.length === 1) await held()
            return sum(spec, input)
          },
          ...options,
        },
      )
    }

    /** What a run tells of evaluations before its first stage. */
    starts(name: 'first' | 'second'): readonly RunEvent[] {
      return this.told[name].filter((event) => event.kind === 'evaluated' && event.moment === 'start')
    }
  }

  test('is measured by one of two runs; the other waits for it, tells of it and records it', async () => {
    const runs = new TwoRuns((needed) => needed)
    expect(await Promise.all([runs.first, runs.second])).toMatchObject([
      { status: 'done' },
      { status: 'done' },
    ])
    // before the stage each evaluation once, after it once in each run
    expect(runs.measured.toSorted()).toEqual(
      ['first all', 'first all', 'first drawn', 'first drawn', 'second all', 'second drawn'].toSorted(),
    )
    expect(runs.starts('first')).toHaveLength(2)
    expect(runs.starts('second')).toEqual(runs.starts('first'))
    expect(left('second', ['first'], 2)).toEqual(left('first', ['first'], 2))
  })

  test('is measured by the second run where the first one fails', async () => {
    const runs = new TwoRuns(async (needed) => {
      await needed
      throw new Error('measuring failed')
    })
    await expect(runs.first).rejects.toThrow('measuring failed')
    expect(await runs.second).toMatchObject({ status: 'done' })
    expect(runs.measured.slice(0, 2)).toEqual(['first all', 'second all'])
  })

  test('holds up no run that is to stop while it waits', async () => {
    const stop = new AbortController()
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const runs = new TwoRuns(async (needed) => {
      await needed
      stop.abort()
      await released
    }, stop.signal)
    expect(await runs.second).toMatchObject({ status: 'stopped' })
    release()
    expect(await runs.first).toMatchObject({ status: 'done' })
  })
})
