import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { MetricsLine } from '../../src/runtime/metrics-line.js'
import { keptRecords, paramsRecord, startRecord, stepRecord } from '../../src/runtime/tensorboard.js'

const theirs = Buffer.from(
  (JSON.parse(readFileSync('test/oracle/fixtures/tensorboard.json', 'utf8')) as { file: string }).file,
  'base64',
)
const first: MetricsLine = {
  stage: 'align',
  step: 1,
  loss: 2.25,
  lr: Math.fround(1e-3),
  grad_norm: 0.5,
  monitors: { conflict: -0.75, many: [1, 2] },
  step_ms: 12.5,
  data_ms: 0,
}
const second: MetricsLine = {
  stage: 'enhance',
  step: 300,
  loss: 1e-3,
  lr: [0.5, 0.25],
  grad_norm: null,
  monitors: {},
  step_ms: 20,
  data_ms: 1,
}
const params = paramsRecord({ deep: true, kinds: [1, 2], lr: 0.5, name: 'x' }, 1000.25)
const ours = Buffer.concat([
  startRecord(1000),
  params,
  stepRecord(first, 1000.5),
  stepRecord(second, 1001.25),
])

describe("event files are those of TensorBoard's own writer", () => {
  it('byte by byte', () => expect(ours.toString('hex')).toBe(theirs.toString('hex')))

  it('have the values of each update of a round under its name', () => {
    const { stage, step, monitors, step_ms, data_ms } = first
    const round: MetricsLine = {
      stage,
      step,
      monitors,
      step_ms,
      data_ms,
      updates: {
        critic: { loss: 2, lr: [0.5, 0.25], grad_norm: null },
        generator: { loss: 1, lr: 1, grad_norm: 3 },
      },
    }
    const text = Buffer.from(stepRecord(round, 1)).toString('latin1')
    expect([...text.matchAll(/align\/[\w/]+/g)].map(([tag]) => tag.replace(/\W+$/, ''))).toEqual([
      'align/critic/loss',
      'align/critic/lr/group_0',
      'align/critic/lr/group_1',
      'align/generator/loss',
      'align/generator/lr',
      'align/generator/grad_norm',
      'align/monitor/conflict',
      'align/step_ms',
      'align/data_ms',
    ])
  })

  it('keep what a resumed run does not do again', () => {
    const before = Buffer.concat([startRecord(1000), params, stepRecord(first, 1000.5)])
    const keep = ({ stage, step }: { stage: string; step: number }): boolean =>
      stage === 'align' || step < 300
    expect(Buffer.from(keptRecords(ours, keep)).equals(before)).toBe(true)
    expect(Buffer.from(keptRecords(ours, () => true)).equals(ours)).toBe(true)
  })

  it('are read up to a record that is cut off or damaged', () => {
    const whole = Buffer.concat([startRecord(1000), params, stepRecord(first, 1000.5)])
    expect(Buffer.from(keptRecords(ours.subarray(0, -1), () => true)).equals(whole)).toBe(true)
    const damaged = Buffer.from(ours)
    damaged[damaged.length - 10] = (damaged[damaged.length - 10] ?? 0) ^ 1
    expect(Buffer.from(keptRecords(damaged, () => true)).equals(whole)).toBe(true)
  })
})
