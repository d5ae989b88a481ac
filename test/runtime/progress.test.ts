import { expect, test } from 'vitest'
import type { RunEvent } from '../../src/runtime/events.js'
import { createProgress, formatDuration, formatNumber } from '../../src/runtime/progress.js'
import { noSubstitutes } from '../../src/runtime/substitutes.js'

/** Shows the events of a stage whose steps take 250 ms each; what was written, and the live line where there is one. */
function show(steps: number, terminal?: { columns: number }) {
  const written: string[] = []
  let time = 0
  const stream = {
    ...(terminal && { isTTY: true, columns: terminal.columns }),
    write: (text: string) => written.push(text),
  }
  const report = createProgress(stream, { now: () => time, colors: false })
  const say = (event: RunEvent, after = 0): void => {
    time += after
    report(event)
  }
  const stages = [{ name: 'enhance', steps }]
  say({
    kind: 'started',
    directory: 'runs/dcr/1',
    stages,
    resumed: null,
    discarded: [],
    random: noSubstitutes,
  })
  say({ kind: 'stage', stage: 'enhance', from: 0, steps, rows: 8 })
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
    say({ kind: 'step', line, steps }, step === 1 ? 3000 : 250)
  }
  say({
    kind: 'checkpoint',
    stage: 'enhance',
    step: steps,
    directory: `runs/dcr/1/checkpoints/enhance-${steps}`,
  })
  say({
    kind: 'evaluated',
    moment: 'enhance',
    evaluation: 'digits',
    metrics: { nmi: 0.51234, table: [1, 2] },
  })
  say({ kind: 'done', directory: 'runs/dcr/1', random: noSubstitutes })
  return written
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

test('on a terminal one line is redrawn in place and never wraps', () => {
  for (const columns of [40, 80, 200]) {
    const written = show(40, { columns })
    const lines = written.filter((text) => text.includes('enhance '))
    expect(lines.length).toBe(40)
    for (const text of written.filter((t) => !t.endsWith('\n'))) {
      expect(text.startsWith('\r\x1b[K')).toBe(true)
      expect(text.slice('\r\x1b[K'.length).length).toBeLessThan(columns)
    }
  }
  const last = show(40, { columns: 100 }).find((text) => text.includes('40/40'))
  expect(last).toBe('\r\x1b[Kenhance [========================] 40/40  loss 0.02500  32.00 images/s\n')
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
