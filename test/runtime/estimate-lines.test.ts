import { expect, test } from 'vitest'
import clustering from '../../src/evaluations/clustering.js'
import { estimateLines, protocolLines } from '../../src/runtime/estimate-lines.js'
import { meansOf, standings } from '../../src/runtime/measures/math/means.js'

const { metrics } = clustering
const nmi = (value: number, low: number, high: number) => ({
  nmi: value,
  nmi_interval: [low, high],
  nmi_chance: 0.1,
})

test('a metric is shown with interval, chance and what others published; cases by name', () => {
  const one = { ...nmi(0.63, 0.6, 0.65), protocol: 'k-means', published: { nmi: { clip: 0.5, dcr: 0.73 } } }
  const line = 'nmi 0.6300 [0.6000, 0.6500], chance 0.1000; published: clip 0.5000, dcr 0.7300'
  expect(estimateLines(one)).toEqual([line])
  expect(protocolLines(one)).toEqual(['k-means'])
  expect(estimateLines({ mnist: one, nmi: 0.63 })).toEqual([`mnist: ${line}`])
  expect(protocolLines({ mnist: one })).toEqual(['mnist: k-means'])
})

test('what cannot be told from chance or from perfection is marked, left out of the mean, and said', () => {
  const cases = new Map(
    Object.entries({
      low: nmi(0.12, 0.08, 0.16),
      middle: nmi(0.4, 0.3, 0.5),
      good: nmi(0.6, 0.5, 0.7),
      high: nmi(0.98, 0.97, 1),
    }).map(([name, one]) => [name, { ...one, ...standings(metrics, one) }]),
  )
  expect([...cases.values()].map((one) => ('nmi_at' in one ? one.nmi_at : null))).toEqual([
    'floor',
    null,
    null,
    'ceiling',
  ])
  const mean = meansOf(metrics, cases)
  expect(mean).toMatchObject({ nmi: 0.5, nmi_without: ['low', 'high'] })
  expect(estimateLines({ ...mean, low: cases.get('low') ?? {} })).toEqual([
    'the mean nmi leaves out low, high: at the floor or ceiling at the start',
    'low: nmi 0.1200 [0.08000, 0.1600], chance 0.1000, at the floor',
  ])
})

test('which cases a mean leaves out is settled at the start, so that later means are of the same', () => {
  const start = new Map([
    ['a', { nmi: 0.1, nmi_at: 'floor' }],
    ['b', { nmi: 0.4 }],
  ])
  const later = new Map([
    ['a', { nmi: 0.3 }],
    ['b', { nmi: 0.5, nmi_at: 'ceiling' }],
  ])
  expect(meansOf(metrics, later, start)).toEqual({ nmi: 0.5, nmi_without: ['a'] })
})
