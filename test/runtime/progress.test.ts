import { describe, expect, test } from 'vitest'
import type { RunEvent } from '../../src/runtime/events.js'
import { LossTrace } from '../../src/runtime/loss-trace.js'
import { formatNumber } from '../../src/runtime/format-number.js'
import { createProgress, formatDuration } from '../../src/runtime/progress.js'
import { type Lane, Screen, type TextStream } from '../../src/runtime/screen.js'
import { noSubstitutes } from '../../src/runtime/substitutes.js'
import { Terminal } from './terminal.js'

/** What a run of one stage tells whose steps take 250 ms each, with the time since the event before. */
function* events(steps: number): Generator<readonly [event: RunEvent, after: number]> {
  const stages = [{ name: 'enhance', steps }]
  yield [
    {
      kind: 'started',
      directory: 'runs/dcr/1',
      stages,
      resumed: null,
      discarded: [],
      random: noSubstitutes,
    },
    0,
  ]
  yield [{ kind: 'stage', stage: 'enhance', from: 0, steps, rows: 8 }, 0]
  for (let step = 1; step <= steps; step++) {
    const line = {
      stage: 'enhance',
      step,
      loss: 1 / step,
      lr: 1e-4,
      grad_norm: 1,
      monitors: {},
      step_ms: 250,
      data_ms: 0,
    }
    // The first step also pays for loading.
    yield [{ kind: 'step', line, steps }, step === 1 ? 3000 : 250]
  }
  const directory = `runs/dcr/1/checkpoints/enhance-${steps}`
  yield [{ kind: 'checkpoint', stage: 'enhance', step: steps, directory }, 0]
  const metrics = { nmi: 0.51234, table: [1, 2] }
  yield [{ kind: 'evaluated', moment: 'enhance', evaluation: 'digits', metrics }, 0]
  yield [{ kind: 'done', directory: 'runs/dcr/1', random: noSubstitutes }, 0]
}

/** Shows a run; what was written. */
function show(steps: number, terminal?: { columns: number }) {
  const written: string[] = []
  let time = 0
  const stream = {
    ...(terminal && { isTTY: true, columns: terminal.columns }),
    write: (text: string) => written.push(text),
  }
  const report = createProgress(new Screen(stream).lane(), {
    now: () => time,
    colors: false,
    memory: () => 0,
  })
  for (const [event, after] of events(steps)) {
    time += after
    report(event)
  }
  return written
}

/** Two runs on one screen, which go on an event at a time. */
class TwoRuns {
  readonly screen: Screen
  private time = 0
  private readonly runs: readonly {
    readonly lane: Lane
    readonly report: (event: RunEvent) => void
    readonly events: Generator<readonly [RunEvent, number]>
  }[]

  constructor(stream: TextStream, steps: number) {
    this.screen = new Screen(stream)
    this.runs = ['dcr  ', 'naive'].map((name) => {
      const lane = this.screen.lane(name)
      const report = createProgress(lane, { now: () => this.time, colors: false, memory: () => 0 })
      return { lane, report, events: events(steps) }
    })
  }

  /** The next events of a run; after the last, its end. */
  go(run: 0 | 1, count = 1): this {
    const { lane, report, events: coming } = this.runs[run] ?? {}
    for (let i = 0; i < count; i++) {
      const next = coming?.next()
      if (!next || next.done) {
        lane?.end()
        break
      }
      const [event, after] = next.value
      this.time += after
      report?.(event)
    }
    return this
  }
}

test('piped: the first step, then every tenth or five seconds, in plain lines', () => {
  const lines = show(40)
  expect(lines.join('')).toBe(
    [
      'run runs/dcr/1',
      'enhance 1/40  loss 1.000',
      'enhance 4/40  loss 0.2500  32.00 images/s  ETA 0:09',
      'enhance 8/40  loss 0.1250  32.00 images/s  ETA 0:08',
      'enhance 12/40  loss 0.08333  32.00 images/s  ETA 0:07',
      'enhance 16/40  loss 0.06250  32.00 images/s  ETA 0:06',
      'enhance 20/40  loss 0.05000  32.00 images/s  ETA 0:05',
      'enhance 24/40  loss 0.04167  32.00 images/s  ETA 0:04',
      'enhance 28/40  loss 0.03571  32.00 images/s  ETA 0:03',
      'enhance 32/40  loss 0.03125  32.00 images/s  ETA 0:02',
      'enhance 36/40  loss 0.02778  32.00 images/s  ETA 0:01',
      'enhance 40/40  loss 0.02500  32.00 images/s',
      'checkpoint runs/dcr/1/checkpoints/enhance-40',
      'evaluate digits (enhance): nmi 0.5123',
      'done',
      '',
    ].join('\n'),
  )
})

test('piped, a long stage: a line at least every five seconds', () => {
  const steps = show(1000).flatMap((text) => /^enhance (\d+)\//.exec(text)?.[1] ?? [])
  expect(steps.slice(0, 4)).toEqual(['1', '21', '41', '61'])
})

/** A line without what moves the cursor. */
// oxlint-disable-next-line no-control-regex
const visible = (line: string): string => line.replaceAll(/\r|\x1b\[[KA]/g, '')

test('on a terminal two lines are redrawn in place and never wrap', () => {
  for (const columns of [40, 80, 200]) {
    const written = show(40, { columns })
    const lines = written.filter((text) => text.includes('enhance '))
    expect(lines.length).toBe(40)
    for (const text of written.filter((t) => !t.endsWith('\n'))) {
      expect(text.startsWith('\r\x1b[K')).toBe(true)
      // what is below the first is the loss so far
      for (const line of text.split('\n')) expect(visible(line).length).toBeLessThan(columns)
    }
  }
  const last = show(40, { columns: 100 }).find((text) => text.includes('40/40'))
  expect(visible(last ?? '')).toBe('enhance [========================] 40/40  loss 0.02500  32.00 images/s\n')
})

test('on a terminal a run leaves the ends of its stages and what else it said', () => {
  const terminal = new Terminal(100)
  const report = createProgress(new Screen(terminal).lane(), { now: () => 0, colors: false, memory: () => 0 })
  for (const [event] of events(3)) report(event)
  expect(terminal.picture).toEqual([
    'run runs/dcr/1',
    'enhance [========================] 3/3  loss 0.3333',
    '  █▃▁',
    'evaluate digits (enhance): nmi 0.5123',
    'done',
  ])
})

test('a line that stays is broken at blanks where the terminal is narrow, and stays whole in a pipe', () => {
  const metrics = { nmi: 0.51234, ari: 0.25, accuracy: 0.75 }
  const evaluated = { kind: 'evaluated', moment: 'start', evaluation: 'digits', metrics } as const
  const shown = (terminal: Terminal, label?: string): readonly string[] => {
    createProgress(new Screen(terminal).lane(label), { colors: false, memory: () => 0 })(evaluated)
    return terminal.picture
  }
  expect(shown(new Terminal(80))).toEqual([
    'evaluate digits (start): nmi 0.5123, ari 0.2500, accuracy 0.7500',
  ])
  expect(shown(new Terminal(50))).toEqual([
    'evaluate digits (start): nmi 0.5123, ari 0.2500,',
    '  accuracy 0.7500',
  ])
  expect(shown(new Terminal(50), 'naive')).toEqual([
    'naive  evaluate digits (start): nmi 0.5123, ari',
    '         0.2500, accuracy 0.7500',
    'naive',
  ])
  const written: string[] = []
  createProgress(new Screen({ columns: 50, write: (text) => written.push(text) }).lane(), {})(evaluated)
  expect(written).toEqual(['evaluate digits (start): nmi 0.5123, ari 0.2500, accuracy 0.7500\n'])
})

describe('two runs', () => {
  test('piped: lines begin with the name of the run', () => {
    const written: string[] = []
    const runs = new TwoRuns({ write: (text) => written.push(text) }, 2)
    runs.go(0, 3).go(1, 3).screen.write('warning: a diagnostic\n')
    runs.go(0).go(1, 9).go(0, 9)
    expect(written.join('')).toBe(
      [
        'dcr    run runs/dcr/1',
        'dcr    enhance 1/2  loss 1.000',
        'naive  run runs/dcr/1',
        'naive  enhance 1/2  loss 1.000',
        'warning: a diagnostic',
        'dcr    enhance 2/2  loss 0.5000  2.462 images/s',
        'naive  enhance 2/2  loss 0.5000  16.00 images/s',
        'naive  checkpoint runs/dcr/1/checkpoints/enhance-2',
        'naive  evaluate digits (enhance): nmi 0.5123',
        'naive  done',
        'dcr    checkpoint runs/dcr/1/checkpoints/enhance-2',
        'dcr    evaluate digits (enhance): nmi 0.5123',
        'dcr    done',
        '',
      ].join('\n'),
    )
  })

  test('on a terminal each has a live line at the bottom, and what stays is above', () => {
    const terminal = new Terminal(80)
    const runs = new TwoRuns(terminal, 4)
    runs.go(0).go(1)
    const said = ['dcr    run runs/dcr/1', 'naive  run runs/dcr/1']
    expect(terminal.picture).toEqual([...said, 'dcr', 'naive'])
    runs.go(0, 3)
    expect(terminal.picture).toEqual([
      ...said,
      'dcr    enhance [=======      ] 2/4  loss 0.5000  32.00 images/s  ETA 0:01',
      'dcr      █▁',
      'naive',
    ])
    runs.go(1, 2)
    const naive = 'naive  enhance [===          ] 1/4  loss 1.000'
    const dcr = 'dcr    enhance [=======      ] 2/4  loss 0.5000  32.00 images/s  ETA 0:01'
    expect(terminal.picture).toEqual([...said, dcr, 'dcr      █▁', naive])

    // something else that is said meanwhile
    runs.screen.write('warning[run/some]: of the\nother kind\n')
    said.push('warning[run/some]: of the', 'other kind')
    expect(terminal.picture).toEqual([...said, dcr, 'dcr      █▁', naive])

    // to the end of the stage, and to the end of the run
    runs.go(0, 2)
    said.push('dcr    enhance [=============] 4/4  loss 0.2500  15.38 images/s', 'dcr      █▃▂▁')
    expect(terminal.picture).toEqual([...said, 'dcr', naive])
    runs.go(0, 4)
    said.push('dcr    evaluate digits (enhance): nmi 0.5123', 'dcr    done')
    expect(terminal.picture).toEqual([...said, naive])
    runs.go(1, 9)
    expect(terminal.picture.slice(said.length)).toEqual([
      expect.stringMatching(/^naive {2}enhance \[={13}\] 4\/4 /),
      'naive    █▃▂▁',
      'naive  evaluate digits (enhance): nmi 0.5123',
      'naive  done',
    ])
    expect(terminal.wraps).toBe(0)
  })

  test.each([24, 40, 67, 80, 120])('on a terminal of %i columns no live line wraps', (columns) => {
    const terminal = new Terminal(columns)
    const runs = new TwoRuns(terminal, 40)
    runs.go(0).go(1)
    for (let i = 0; i < 39; i++) {
      runs.go(0).go(1)
      // from the second step on each has a line below
      expect(terminal.picture).toHaveLength(i < 2 ? 4 : 6)
    }
    expect(terminal.wraps).toBe(0)
  })

  test('on a terminal with too few rows, those that fit are live', () => {
    const terminal = new Terminal(80, 2)
    const runs = new TwoRuns(terminal, 40)
    for (let i = 0; i < 10; i++) runs.go(0).go(1)
    expect(terminal.picture).toEqual([
      'dcr    run runs/dcr/1',
      'naive  run runs/dcr/1',
      expect.stringMatching(/^dcr {4}enhance /),
    ])
  })
})

test('what a stage waited for, took and monitored stands below its line, and in a pipe behind it', () => {
  const shown = (columns?: number): readonly string[] => {
    const terminal = new Terminal(columns ?? 80)
    const lines: string[] = []
    const stream = columns === undefined ? { write: (text: string) => lines.push(text.trimEnd()) } : terminal
    const lane = new Screen(stream).lane()
    const report = createProgress(lane, { now: () => 0, colors: false, memory: () => 1.234e9 })
    report({ kind: 'stage', stage: 'fit', from: 0, steps: 2, rows: 0 })
    for (const step of [1, 2]) {
      const values = { loss: 3 - step, lr: 1e-4, grad_norm: 1, step_ms: 80, data_ms: 20 }
      const monitors = { residual: 0.5 * step, pairs: [1, 2] }
      report({ kind: 'step', line: { stage: 'fit', step, ...values, monitors }, steps: 2 })
    }
    return columns === undefined ? lines : terminal.picture
  }
  const last = '  █▁  waiting for data 20 %  1.23 GB  residual 1.000'
  expect(shown(80).slice(-2)).toEqual(['fit [====================] 2/2  loss 1.000', last])
  expect(shown(120).slice(-2)).toEqual(['fit [========================] 2/2  loss 1.000', last])
  expect(shown().at(-1)).toBe('fit 2/2  loss 1.000  waiting for data 20 %  residual 1.000')
})

test('the loss of a long stage is drawn from all of it', () => {
  const trace = new LossTrace()
  for (let step = 0; step < 100_000; step++) trace.take(100_000 - step)
  expect(trace.line(8)).toBe('█▇▆▅▄▃▂▁')
  trace.take(NaN)
  expect(trace.line(8)).toBe('█▇▆▅▄▃▂▁')
})

test('numbers and times', () => {
  expect([0, 1e-5, 0.0123456, 1, 12.345, 1234.5, 1e7, NaN].map(formatNumber)).toEqual([
    '0.000',
    '1.00e-5',
    '0.01235',
    '1.000',
    '12.35',
    '1235',
    '1.00e+7',
    'NaN',
  ])
  expect([0.2, 59.5, 61, 3600, 36061].map(formatDuration)).toEqual([
    '0:01',
    '1:00',
    '1:01',
    '1:00:00',
    '10:01:01',
  ])
})
