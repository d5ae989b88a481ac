import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { GraphSpec } from '../../src/artefact/graphs.js'
import { identity } from '../../src/artefact/identity.js'
import type { Manifest } from '../../src/artefact/manifest.js'
import { manifestFormat, manifestVersion } from '../../src/artefact/manifest-version.js'
import { sealedTable } from '../../src/report/evaluation-table.js'
import { lossesOf } from '../../src/report/html/curves.js'
import { readRun } from '../../src/report/read-run.js'
import { seal } from '../../src/sealed.js'
import { RunUnreadable } from '../../src/report/run-unreadable.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const graph: GraphSpec = {
  file: 'a.onnx',
  inputs: [],
  outputs: [],
  parameters: [],
  optimization: 'disabled',
  flops: 0,
  peak_bytes: 0,
}
const body: Omit<Manifest, 'hash'> = {
  format: manifestFormat,
  version: manifestVersion,
  compiler: '0.1.0',
  pipeline: 'dcr',
  target: 'cpu',
  seed: 3,
  weights: 'files',
  params: { batch: 8 },
  models: [],
  adapters: [],
  data: [],
  stages: [
    {
      name: 'align',
      hash: 'x',
      after: [],
      steps: 10,
      save_every: null,

      measures: [],
      keep_last: null,
      keep_best: null,
      stop: null,
      on_nonfinite: 'stop',
      guard: null,
      updates: [
        {
          name: null,
          times: 1,
          accumulate: 2,
          groups: [
            { optimizer: 'adamw', settings: { lr: 0.001 }, schedule: 'constant', schedule_settings: {} },
            { optimizer: 'adamw', settings: { lr: 0.01 }, schedule: 'constant', schedule_settings: {} },
          ],
          trained: [
            { model: 'proj', path: 'weight', shape: [4, 3], group: 0 },
            { model: 'proj', path: 'scale', shape: [], group: 1 },
          ],
          states: [],
          slots: ['m', 'v'],
          ema: null,
          graphs: { step: graph, monitored: null, micro: null, prologue: null },
        },
      ],
      monitors: [],
    },
  ],
  evaluations: [
    { name: 'digits', kind: 'clustering', cases: [{ name: null, settings: {}, parts: [] }], reads: [] },
  ],
  exports: [],
  files: {},
  source_map: { places: [], declared: [], nodes: {} },
  allowed: [],
  edit_hint: null,
}

/** A manifest with its hash. */
const named = (of: Omit<Manifest, 'hash'>): Manifest => ({ ...of, hash: identity(of) })
const manifest = named(body)

const write = (name: string, content: unknown): void =>
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
const line = (step: number, extra = {}): string =>
  `${JSON.stringify({ stage: 'align', step, loss: 1 / step, lr: 0.1, grad_norm: null, monitors: {}, step_ms: 5, data_ms: 1, ...extra })}\n`

describe('readRun', () => {
  test('gives the cases of an evaluation names of their own, and their means the name of the evaluation', () => {
    const part = { settings: {}, parts: [] }
    const [first = expect.fail('no evaluation')] = body.evaluations
    const digits = { ...first, cases: ['a', 'b'].map((name) => ({ name, ...part })) }
    write('manifest.json', named({ ...body, evaluations: [digits] }))
    write('metrics.jsonl', '')
    write('eval.json', sealedTable({ start: { digits: { a: { nmi: 0.2 }, b: { nmi: 0.4 }, nmi: 0.3 } } }))
    const { evaluations, moments } = readRun(folder)
    expect(evaluations.map(({ name }) => name)).toEqual(['digits.a', 'digits.b', 'digits'])
    expect(moments[0]?.results).toEqual({
      'digits.a': { nmi: 0.2 },
      'digits.b': { nmi: 0.4 },
      digits: { nmi: 0.3 },
    })
  })

  test('reads what a runner writes', () => {
    write('manifest.json', manifest)
    write('metrics.jsonl', line(1, { monitors: { conflict: -0.5, many: [1, 2] } }) + line(2, { loss: null }))
    write('eval.json', sealedTable({ start: { digits: { nmi: 0.5 } }, align: {} }))
    expect(readRun(folder)).toMatchObject({
      pipeline: 'dcr',
      seed: 3,
      evaluations: [{ name: 'digits', kind: 'clustering' }],
      moments: [{ name: 'start', results: { digits: { nmi: 0.5 } } }, { name: 'align' }],
      stages: [
        {
          name: 'align',
          accumulate: 2,
          optimizers: ['adamw'],
          learningRates: [0.001, 0.01],
          trained: 13,
          records: [
            { step: 1, loss: 1, monitors: { conflict: -0.5 } },
            { step: 2, loss: null },
          ],
        },
      ],
    })
  })

  test('reads the rounds of updates: a loss of each', () => {
    const [stage] = manifest.stages
    const [update] = stage?.updates ?? []
    if (!stage || !update) throw new Error('no update')
    const updates = ['critic', 'generator'].map((name) => ({ ...update, name }))
    write('manifest.json', named({ ...body, stages: [{ ...stage, updates }] }))
    const rounds = [1, 2].map((step) => {
      const of = (loss: number) => ({ loss, lr: 0.1, grad_norm: 1 })
      const { loss: _loss, grad_norm: _norm, ...rest } = JSON.parse(line(step)) as Record<string, unknown>
      return JSON.stringify({ ...rest, updates: { critic: of(step), generator: of(-step) } })
    })
    write('metrics.jsonl', `${rounds.join('\n')}\n`)
    const [found] = readRun(folder).stages
    expect(found).toMatchObject({ updates: ['critic', 'generator'], accumulate: 1, trained: 13 })
    expect(found && lossesOf(found)).toEqual([
      {
        update: 'critic',
        points: [
          [1, 1],
          [2, 2],
        ],
      },
      {
        update: 'generator',
        points: [
          [1, -1],
          [2, -2],
        ],
      },
    ])
  })

  test('takes the seed that ran, and a run that has just begun', () => {
    write('manifest.json', manifest)
    write('run.json', seal({ seed: 42, other: 'facts' }))
    expect(readRun(folder)).toMatchObject({ seed: 42, moments: [], stages: [{ records: [] }] })
  })

  test('leaves out a last line that was cut off, and takes the later record of a step', () => {
    write('manifest.json', manifest)
    write('metrics.jsonl', line(1) + line(2) + line(2, { loss: 7 }) + line(3).slice(0, 30))
    expect(readRun(folder).stages[0]?.records.map(({ step, loss }) => [step, loss])).toEqual([
      [1, 1],
      [2, 7],
    ])
  })

  test('names the file and the line that are damaged', () => {
    expect(() => readRun(folder)).toThrow(RunUnreadable)
    expect(() => readRun(folder)).toThrow(/is no run: it has no manifest.json/)
    write('manifest.json', { ...manifest, weights: 'heavy' })
    expect(() => readRun(folder)).toThrow(/manifest\.json cannot be read: .*weights/s)
    write('manifest.json', manifest)
    write('metrics.jsonl', `${line(1)}{"stage": 3}\n${line(2)}`)
    expect(() => readRun(folder)).toThrow(/metrics\.jsonl, line 2/)
    write('metrics.jsonl', '')
    write('eval.json', '{ "start": ')
    expect(() => readRun(folder)).toThrow(/eval\.json/)
    write('eval.json', sealedTable({ start: { digits: { nmi: 0.5 } } }).replace('0.5', '0.7'))
    expect(() => readRun(folder)).toThrow(/eval\.json cannot be read: it is not as it was written/)
    write('eval.json', sealedTable({}))
    write('run.json', seal({ seed: 42 }).replace('42', '43'))
    expect(() => readRun(folder)).toThrow(/run\.json cannot be read: it is not as it was written/)
    rmSync(join(folder, 'run.json'))
    write('manifest.json', { ...manifest, seed: 4 })
    expect(() => readRun(folder)).toThrow(/manifest\.json cannot be read: it is not as it was written/)
  })
})
