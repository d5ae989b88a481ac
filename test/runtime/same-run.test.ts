import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EvaluationTable, tableIn } from '../../src/report/evaluation-table.js'
import { runPipeline } from '../../src/runtime/run.js'
import { changedLines } from '../../src/runtime/run-sources.js'
import { differences } from '../../src/runtime/same-run.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: a run goes on with a changed pipeline exactly where the change alters no bit of what it has been on its way to;
 * else what differs is named.
 */

interface Parts {
  readonly rate?: string
  readonly steps?: string
  readonly clauses?: string
  readonly loss?: string
  readonly second?: string
  readonly rest?: string
  readonly head?: string
}
const pipeline = ({
  rate = 'sgd(lr = 0.1)',
  steps = 'steps 6',
  clauses = '',
  loss = '-a.value',
  second = 'sgd(lr = 1.0)',
  rest = '',
  head = '',
}: Parts = {}) =>
  compileText(`
${head}
module Number() {
  value: float[] = zeros
  fn forward() = value
}
pipeline walk {
  param unused: float = 1.0
  model a = Number()
  model b = Number()
  stage first { train a; minimize ${loss} + 0.0 * sum(draw normal of [2]); optimizer ${rate}; ${steps}; ${clauses} }
  stage second { train b; minimize -b.value * a.value; optimizer ${second}; steps 2 }
  evaluate other = average(value = b.value, batches = 1)
  ${rest}
  export a, b
}`)

const base = pipeline().manifest
const said = (now: Parts, reached: Readonly<Record<string, number>>, was = base): readonly string[] =>
  differences(was, pipeline(now).manifest, new Map(Object.entries(reached))).map(
    (d) => `${d.what}: ${d.was}, now ${d.is}`,
  )

describe('goes on', () => {
  test.each<[string, Parts, Record<string, number>]>([
    ['with comments and places', { head: '// a comment\n\n' }, { first: 6, second: 2 }],
    ['with other monitors', { clauses: 'monitor m = a.value every 2' }, { first: 6 }],
    ['with other times of checkpoints', { clauses: 'save_every 2; keep last 1' }, { first: 6 }],
    [
      'with another evaluation',
      { rest: 'evaluate more = average(value = a.value, batches = 1) every 2' },
      { first: 4 },
    ],
    ['with another stage that has not begun', { second: 'sgd(lr = 2.0)' }, { first: 4 }],
    ['with another first stage where nothing has begun', { rate: 'adamw(lr = 1e-3)' }, {}],
    ['longer with a constant rate', { steps: 'steps 9' }, { first: 6 }],
    ['longer, with what follows made anew', { steps: 'steps 9' }, { first: 6, second: 2 }],
    ['shorter, where it is not so far', { steps: 'steps 5' }, { first: 4 }],
  ])('%s', (_, now, reached) => {
    expect(said(now, reached)).toEqual([])
  })

  test('longer while the rates that were used are the same', () => {
    const warm = { clauses: 'schedule linear_warmup(warmup = 3)' }
    expect(said({ ...warm, steps: 'steps 9' }, { first: 6 }, pipeline(warm).manifest)).toEqual([])
  })
})

describe('is refused, and told by what', () => {
  test.each<[string, Parts, Record<string, number>, readonly string[]]>([
    [
      'a rate',
      { rate: 'sgd(lr = 0.2)' },
      { first: 1 },
      ['stage `first`.updates.0.groups.0.settings.lr: 0.1, now 0.2'],
    ],
    [
      'an optimizer',
      { rate: 'adamw(lr = 0.1)' },
      { first: 1 },
      [expect.stringContaining('optimizer: sgd, now adamw')],
    ],
    [
      'a loss',
      { loss: '-2.0 * a.value' },
      { first: 1 },
      [expect.stringContaining('stage `first`.updates.0.graph.0: ')],
    ],
    [
      'a later stage',
      { second: 'sgd(lr = 2.0)' },
      { first: 6, second: 1 },
      ['stage `second`.updates.0.groups.0.settings.lr: 1, now 2'],
    ],
    [
      'a stage that is gone',
      { rest: 'stage third { train b; minimize -b.value; optimizer sgd(lr = 1.0); steps 1 }' },
      { first: 6, third: 1 },
      ['stages.2: third, now absent'],
    ],
  ])('%s', (kind, now, reached, words) => {
    const gone = kind === 'a stage that is gone'
    const [a, b] = gone ? [pipeline(now).manifest, {}] : [base, now]
    const found = said(b, reached, a)
    for (const word of words) expect(found).toContainEqual(word)
  })

  test('a length by which a rate that was used would have been another', () => {
    const cosine = { clauses: 'schedule cosine()' }
    expect(said({ ...cosine, steps: 'steps 9' }, { first: 6 }, pipeline(cosine).manifest)).toEqual([
      'length of stage `first`: 6 steps, now 9 steps',
      // lr (1 + cos(pi (k - 1) / steps)) / 2 at k = 2, where the two begin to differ
      `learning rate of its step 2: ${(0.1 * (1 + Math.cos(Math.PI / 6))) / 2}, now ${(0.1 * (1 + Math.cos(Math.PI / 9))) / 2}`,
    ])
  })

  test('params, before what they change', () => {
    const was = compileText(text(1)).manifest
    const now = compileText(text(2)).manifest
    const [first] = differences(was, now, new Map([['s', 1]]))
    expect(first).toEqual({ what: 'param `rate`', was: '1', is: '2' })
  })
  const text = (rate: number): string => `
module Number() { value: float[] = zeros; fn forward() = value }
pipeline p {
  param rate: float = ${rate}.0
  model a = Number()
  stage s { train a; minimize -a.value; optimizer sgd(lr = rate); steps 2 }
  export a
}`
})

describe('lines of the source', () => {
  const was = new Map([['p.dcr', 'a\n  minimize x // old\nb\n']])
  test('that are new and gone are told by their places; comments and places are none', () => {
    const now = '// a comment\n\na\n    minimize 2.0 * x\nb\n'
    expect(changedLines(was, new Map([['p.dcr', now]]))).toEqual({
      added: { file: 'p.dcr', start: now.indexOf('minimize'), end: now.indexOf('\nb') },
      gone: [{ at: 'p.dcr:2', text: 'minimize x // old' }],
    })
    expect(changedLines(was, new Map([['p.dcr', '// x\n\n a\nminimize x // old\nb']]))).toEqual({
      added: undefined,
      gone: [],
    })
  })

  test('that are shown are those of which is told, not what alters nothing above them', () => {
    const text = (
      name: string,
      every: number,
    ): string => `module Number() { value: float[] = zeros; fn forward() = value }
pipeline p {
  data rows = mnist(split = "test", size = 8) rows 4 { digit: i64[] = digit }
  model a = Number()
  let scores = a.value + cast(one_hot(rows.digit, 10), f32)
  stage s {
    train a
    minimize -a.value
    optimizer sgd(lr = 0.1)
    steps 12
    monitor ${name} = a.value every ${every}
    stop when e.loss stalls 2
  }
  evaluate other = average(value = a.value, batches = 1) every ${every}
  evaluate e = classification(logits = scores, label = rows.digit) every ${every}
}`
    const [was, now] = [text('m', 2), text('n', 3)]
    const [first] = differences(compileText(was).manifest, compileText(now).manifest, new Map([['s', 4]]))
    expect(first).toEqual({ what: 'stage `s`.measures.`e`.every', was: '2', is: '3' })
    const { added } = changedLines(
      new Map([['p.dcr', was]]),
      new Map([['p.dcr', now]]),
      `${first?.what} ${first?.is}`,
    )
    expect(now.slice(added?.start, added?.end)).toBe(
      'evaluate e = classification(logits = scores, label = rows.digit) every 3',
    )
  })

  test('are shown by a run that is refused, at their place in the source of now', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dcrc-same-'))
    const source = (loss: string): string => `module Number() { value: float[] = zeros; fn forward() = value }
pipeline p {
  model a = Number()
  stage s {
    train a
    minimize ${loss}
    optimizer sgd(lr = 0.1)
    steps 2
  }
}`
    const run = (loss: string, resume: boolean) =>
      runPipeline(compileText(source(loss)), {
        root: folder,
        runDir: join(folder, 'run'),
        resume,
        texts: new Map([['test.dcr', source(loss)]]),
      })
    try {
      expect((await run('-a.value', false)).status).toBe('done')
      const start = source('-3.0 * a.value').indexOf('minimize')
      expect(await run('-3.0 * a.value', true)).toMatchObject({
        status: 'failed',
        diagnostics: [
          {
            code: 'run/resume-changed',
            span: { file: 'test.dcr', start, end: start + 'minimize -3.0 * a.value'.length },
            why: expect.stringContaining('; test.dcr:6 was `minimize -a.value`'),
          },
        ],
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a run', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dcrc-same-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const run = (to: string, parts: Parts, resume = false) =>
    runPipeline(pipeline(parts), { root: folder, runDir: join(folder, to), threads: 1, resume })
  const read = (...path: readonly string[]): string => readFileSync(join(folder, ...path), 'base64')
  const table = (of: string): EvaluationTable =>
    tableIn(readFileSync(join(folder, of, 'eval.json'), 'utf8')) ?? expect.fail('eval.json is damaged')

  test('that becomes longer ends with the bits of one that was from the beginning', async () => {
    await run('whole', { steps: 'steps 9' })
    await run('part', {})
    expect(await run('part', { steps: 'steps 9' }, true)).toMatchObject({ status: 'done' })
    for (const file of [
      'export/a/model.safetensors',
      'export/b/model.safetensors',
      'checkpoints/first-9/optimizer.safetensors',
    ])
      expect(read('part', file)).toBe(read('whole', file))
    // the folder says what it is now the run of, and goes on as that
    expect(await run('part', { steps: 'steps 9' }, true)).toMatchObject({ status: 'done' })
  })

  test('with an evaluation that is now another one measures that again, and no other', async () => {
    await run('first', { rest: 'evaluate it = average(value = b.value, batches = 1)' })
    const before = table('first')
    await run('first', { rest: 'evaluate it = average(value = 2.0 * b.value, batches = 1)' }, true)
    const after = table('first')
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort())
    expect(Number(after['second']?.['it']?.['mean'])).toBeCloseTo(
      2 * Number(before['second']?.['it']?.['mean']),
      5,
    )
    expect(after['second']?.['other']).toEqual(before['second']?.['other'])
  })
})
