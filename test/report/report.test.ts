import { describe, expect, test } from 'vitest'
import { compareRuns } from '../../src/report/compare.js'
import { html } from '../../src/report/html/html.js'
import { renderReport } from '../../src/report/report.js'
import { tickLabels, ticks } from '../../src/report/svg/scale.js'
import { quantile, smooth, thin, type Point } from '../../src/report/svg/series.js'
import type { RunSummary } from '../../src/report/run-summary.js'
import { sampleRuns } from './sample-runs.js'

const childless = new Set(['meta', 'img', 'br', 'hr', 'link', 'input'])

/** The tags of a page, opened and closed in order; throws where they do not match. */
function tagTree(page: string): string[] {
  const opened: string[] = []
  const paths: string[] = []
  for (const [, close, name, selfClosed] of page
    .replaceAll(/<style>.*?<\/style>/gs, '')
    .matchAll(/<(\/?)([a-zA-Z0-9]+)(?:"[^"]*"|[^>"])*?(\/?)>/g)) {
    if (name === undefined || name === 'doctype') continue
    if (close === '/') {
      if (opened.pop() !== name) throw new Error(`</${name}> closes nothing`)
      continue
    }
    opened.push(name)
    paths.push(opened.join(' > '))
    if (selfClosed === '/' || childless.has(name)) opened.pop()
  }
  if (opened.length > 0) throw new Error(`open at the end: ${opened.join(' > ')}`)
  return paths
}

const page = renderReport(sampleRuns(300), { commands: ['npm run quickstart'] })
const count = (text: string, part: string): number => text.split(part).length - 1

describe('renderReport', () => {
  test('is one well-formed page that loads nothing and runs nothing', () => {
    expect(() => tagTree(page)).not.toThrow()
    expect(page).not.toMatch(/<script|<link|@import|url\((?!#)|https?:\/\//)
    expect(
      [...page.matchAll(/ src="([^"]{0,22})/g)].every(([, uri]) => uri === 'data:image/png;base64,'),
    ).toBe(true)
  })

  test('has its sections in order', () => {
    expect([...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text)).toEqual([
      'Comparison',
      'What this shows, and what it cannot',
      'Pictures',
      'Loss',
      'While it trained',
      'Gradient conflict',
      'Does the generator use its condition?',
      'What ran',
    ])
  })

  test('has a chart per stage and method, one for the gate, one for the conflict, and one per monitor', () => {
    expect(count(page, 'aria-label="loss of ')).toBe(6)
    expect(count(page, '<svg class="chart')).toBe(8 + 2)
    expect(count(page, 'aria-label="enhance, ')).toBe(2)
  })

  test('shows what was measured within a stage by step, with its last value', () => {
    const [run] = sampleRuns(30)
    if (!run) throw new Error('there are samples')
    const within = [10, 20, 30].map((step) => ({
      name: `align-${step}`,
      results: { digits: { nmi: step / 100, nmi_std: step / 1000, rows: 2000 } },
    }))
    const measured = renderReport([{ ...run, moments: [...run.moments, ...within] }], { commands: [] })
    expect([...measured.matchAll(/<figcaption>(align.*?)<\/figcaption>/g)].map(([, text]) => text)).toEqual([
      'align, digits nmi<small>0.300</small>',
    ])
    expect(measured).toContain('aria-label="align, digits nmi"')
  })

  test('shows the last accuracy of each class whose name the data give', () => {
    const [run] = sampleRuns(30)
    const [first, ...others] = run?.moments ?? []
    if (!run || !first) throw new Error('there are samples')
    const named = (accuracy: number | null) => ({
      digits: {
        accuracy: 0.5,
        by_class: { 'a & b': { rows: 1200, accuracy }, dog: { rows: 3, accuracy: null } },
      },
    })
    const moments = [
      { ...first, results: named(0.1) },
      { name: 'after', results: named(0.25) },
    ]
    const page = renderReport([{ ...run, moments: [...moments, ...others] }], { commands: [] })
    const section = page.slice(
      page.indexOf('<h2>By class'),
      page.indexOf('</table>', page.indexOf('<h2>By class')),
    )
    expect([...section.matchAll(/<td>(.*?)<\/td>/g)].map(([, text]) => text)).toEqual([
      'a &amp; b',
      '1,200',
      '25.0 %',
      'dog',
      '3',
      '',
    ])
    expect(section).toMatch(/digits after after/)
  })

  test('shows where the time went of runs of which that is known', () => {
    const [run, other] = sampleRuns(30)
    if (!run || !other) throw new Error('there are samples')
    const rows = [
      { place: 'a.dcr:3:7', operators: ['MatMul', 'Add'], ms: 60, bytes: 4e6, flops: 3e9 },
      { place: null, operators: ['Mul'], ms: 20, bytes: 2e6, flops: 0 },
    ]
    const profiled = renderReport([{ ...run, profile: { steps: 20, flopsPerSecond: 1e11, rows } }, other], {
      commands: [],
    })
    const table = profiled.slice(
      profiled.indexOf('<h2>Where the time goes'),
      profiled.indexOf('<h2>What ran'),
    )
    const cells = [...table.matchAll(/<(?:td|th scope)[^>]*>(?:<span>)?(.*?)</g)].map(([, text]) => text)
    // 60 of 80 ms over 20 steps; 3 GFLOP in 60 ms are half of 100 GFLOP/s
    const byRow = [cells.slice(0, 6), cells.slice(6)]
    expect(byRow).toEqual([
      ['a.dcr:3:7', '3.00 ms', '75.0 %', '200 kB', '50 %', 'MatMul Add'],
      ['optimizer and what the compiler adds', '1.00 ms', '25.0 %', '100 kB', '–', 'Mul'],
    ])
    expect(count(table, '<table')).toBe(1)
  })

  test('has every picture before and after', () => {
    // 8 pictures; themselves, before, after each of 3 methods.
    expect(count(page, '<img ')).toBe(8 * 5)
  })

  test('shows many pictures in several rows, and leaves a gap where a run kept fewer', () => {
    const picture = (n: number): string => `data:image/png;base64,${n}`
    const kept = (of: number, n: number) => Array.from({ length: n }, (_, i) => picture(of + i))
    const [run] = sampleRuns(5)
    if (!run) throw new Error('there are samples')
    const withGrid = (pipeline: string, original: number, reconstruction: number): RunSummary => ({
      ...run,
      pipeline,
      evaluations: [{ name: 'grid', kind: 'pictures' }],
      moments: [
        { name: 'start', results: { grid: { original: kept(0, original), reconstruction: kept(100, 12) } } },
        {
          name: 'last',
          results: { grid: { original: kept(0, original), reconstruction: kept(200, reconstruction) } },
        },
      ],
    })
    const shown = renderReport([withGrid('a', 12, 12), withGrid('b', 11, 11)], { commands: [] })
    const headings = ['a: picture', 'b: picture', 'before training', 'a: after last', 'b: after last']
    for (const heading of headings) expect(count(shown, `<b>${heading}</b>`)).toBe(2)
    expect(count(shown, '<img ')).toBe(12 + 11 + 12 + 12 + 11)
    expect(shown).not.toContain('src=""')
  })

  test('sets two primary metrics against each other at their values, with their intervals', () => {
    const runs = sampleRuns(5)
    const comparison = compareRuns(runs)
    const primary = {
      ...comparison,
      columns: comparison.columns.map((c, k) => ({ ...c, primary: k % 6 === 0 })),
    }
    const chosen = primary.columns.filter((column) => column.primary)
    expect(chosen.map(({ group, label }) => `${group} ${label}`)).toEqual(['digits NMI', 'pixels R²'])
    const shown = renderReport(runs, { commands: [], comparison: primary })
    const svg = shown.slice(shown.indexOf('<svg class="chart balance"'))
    // the scale is read off the ticks
    const ticksOf = (pattern: RegExp) =>
      [...svg.slice(0, svg.indexOf('</svg>')).matchAll(pattern)].map(([, at, text]) => ({
        at: Number(at),
        value: Number(text?.replace('−', '-')),
      }))
    const x = ticksOf(/<text class="tick" x="([\d.]+)" y="[\d.]+" text-anchor="middle">([^<]*)</g)
    const y = ticksOf(/<text class="tick" x="[\d.]+" y="([\d.]+)" text-anchor="end">([\d.]+)</g)
    const valueAt = ([a, b]: typeof x, pixel: number): number => {
      if (!a || !b) throw new Error('two ticks make a scale')
      return a.value + ((pixel - a.at) / (b.at - a.at)) * (b.value - a.value)
    }
    const points = [...svg.matchAll(/<circle class="(?:hollow|dot)" cx="([\d.]+)" cy="([\d.]+)"/g)].map(
      ([, cx, cy]) => [valueAt(x, Number(cx)), valueAt(y, Number(cy) + 3.5)],
    )
    const [first, second] = [0, 6].map((c) => primary.rows.map(({ cells }) => cells[c]?.value ?? NaN))
    expect(points).toHaveLength(4)
    points.forEach(([px = NaN, py = NaN], k) => {
      expect(px).toBeCloseTo(first?.[k] ?? NaN, 3)
      expect(py).toBeCloseTo(second?.[k] ?? NaN, 3)
    })
    // a line across and one along for each, as long as both intervals
    const lines = [
      ...svg
        .slice(0, svg.indexOf('</svg>'))
        .matchAll(/<line class="line" x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)" y2="([\d.]+)"/g),
    ].map(([, ...ends]) => ends.map(Number))
    expect(lines).toHaveLength(8)
    primary.rows.forEach(({ cells }, k) => {
      const [x1 = NaN, x2 = NaN] = lines[2 * k] ?? []
      const [, , y1 = NaN, y2 = NaN] = lines[2 * k + 1] ?? []
      expect(valueAt(x, x2) - valueAt(x, x1)).toBeCloseTo(2 * (cells[0]?.deviation ?? NaN), 3)
      expect(valueAt(y, y2 + 3.5) - valueAt(y, y1 + 3.5)).toBeCloseTo(2 * (cells[6]?.deviation ?? NaN), 3)
    })
    // how far measurements lie apart is no point
    const [original] = primary.rows
    if (!original) throw new Error('there are rows')
    const noise = {
      ...primary,
      rows: [...primary.rows, { ...original, label: 'noise', isNoise: true as const }],
    }
    expect(count(renderReport(runs, { commands: [], comparison: noise }), '<title>noise</title>')).toBe(0)
    expect(renderReport(runs, { commands: [], comparison })).not.toContain('Balance')
  })

  test('says what it can show and what not', () => {
    const runs = sampleRuns(5)
    const said = (text: string): readonly string[] => {
      const from = text.indexOf('What this shows')
      return [...text.slice(from, text.indexOf('</section>', from)).matchAll(/<li>(.*?)<\/li>/gs)].map(
        ([, sentence = '']) => sentence,
      )
    }
    expect(said(renderReport(runs, { commands: [] }))).toEqual([
      'Trained: 5 steps of align (25 k numbers), then 5 steps of enhance (858 k numbers).',
      'One training seed for each row: what another would give is not known.',
      'Nothing here speaks of other data, larger models or longer training.',
    ])
    const seeds = renderReport(runs, {
      commands: [],
      scope: {
        seeds: 4,
        power: [{ metric: 'digits NMI', detectable: 0.0213 }],
        missing: ['naive/seed-3 was cut off'],
        differences: [
          { label: 'dcr', declarations: [] },
          { label: 'naive', declarations: [{ at: 'naive.dcr:4', text: 'pipeline naive {}', of: 'variant' }] },
        ],
      },
    })
    expect(said(seeds)).toContain(
      'digits NMI: a true difference from Original of 0.021 or more would have been seen in 80 % of repetitions; a smaller one may be there unseen.',
    )
    expect(said(seeds)).toContain('naive/seed-3 was cut off')
    expect(seeds).toMatch(/with naive\.dcr:4<\/p>\s*<pre>pipeline naive \{\}<\/pre>/)
    const scope = {
      seeds: 2,
      power: [],
      missing: Array.from({ length: 15 }, (_, k) => `run ${k}`),
      differences: [],
    }
    const cut = said(renderReport(runs, { commands: [], scope }))
    expect(cut).toContain('Two training seeds for each row: too few for an interval.')
    expect(cut.filter((sentence) => sentence.startsWith('run '))).toHaveLength(12)
    expect(cut).toContain('and 3 more runs that gave nothing yet')
    // evaluations that one of them has not, that none share, and that tell nothing
    const renamed = (only: boolean) =>
      runs.slice(0, 2).map((run, r): RunSummary => {
        const of = (name: string): string => (r === 1 && (only || name === 'digits') ? `${name}_` : name)
        return {
          ...run,
          evaluations: run.evaluations.map(({ name, kind }) => ({ name: of(name), kind })),
          moments: run.moments.map(({ name, results }) => ({
            name,
            results: Object.fromEntries(
              Object.entries(results).map(([key, metrics]) => [of(key), { ...metrics, nmi_at: 'floor' }]),
            ),
          })),
        }
      })
    const partly = said(renderReport(renamed(false), { commands: [] }))
    expect(partly).toContain('naive has no digits (NMI, ACC, ARI).')
    expect(partly).toContain('dcr has no digits_ (NMI, ACC, ARI).')
    expect(partly).toContain('unseen nmi is at the floor before training: it can hardly tell the rows apart.')
    expect(said(renderReport(renamed(true), { commands: [] }))).toContain(
      'These rows have no measurement in common: nothing here compares them.',
    )
  })

  test('shows what was published beside what was measured, and how that was', () => {
    const [run] = sampleRuns(5)
    if (!run) throw new Error('there are samples')
    const moments = run.moments.map(({ name, results }) => ({
      name,
      results: {
        ...results,
        ...(results['digits']
          ? {
              digits: {
                ...results['digits'],
                nmi_chance: 0.0095,
                protocol: 'k-means',
                published: { nmi: { original: 0.63, dcr: 0.73 } },
              },
            }
          : {}),
      },
    }))
    const shown = renderReport([{ ...run, moments }], { commands: [] })
    const part = (heading: string): readonly string[] => {
      const from = shown.indexOf(`<h2>${heading}`)
      const section = shown.slice(from, shown.indexOf('</section>', from))
      return [...section.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) =>
        cell.replaceAll(/<[^>]*>/g, '').trim(),
      )
    }
    const [before, after] = [run.moments[0], run.moments.at(-1)].map(
      (moment) => moment?.results['digits']?.['nmi'],
    )
    expect(part('Beside what was published')).toEqual([
      '',
      'NMI',
      'Original, here',
      JSON.stringify(before),
      'dcr, here',
      JSON.stringify(after),
      'original, published',
      '0.630',
      'dcr, published',
      '0.730',
    ])
    expect(part('How it was measured')).toEqual([
      'evaluation',
      'protocol',
      'by chance',
      'digits clustering',
      'k-means',
      'NMI 0.009',
    ])
  })

  test('draws where classes lie, before training once and after each run', () => {
    const at = (turn: number) => ({
      place: [0, 0, turn, 1, 2, -turn],
      label: [7, 3, 7],
      names: 'abcdefgh'.split(''),
    })
    const runs = sampleRuns(5).map((run, r): RunSummary => ({
      ...run,
      evaluations: [{ name: 'map', kind: 'tsne' }],
      moments: [
        { name: 'start', results: { map: at(1) } },
        { name: 'last', results: { map: at(r + 2) } },
      ],
    }))
    const shown = renderReport(runs, { commands: [] })
    expect(() => tagTree(shown)).not.toThrow()
    const captions = [...shown.matchAll(/<figcaption>((?:before|after) [^<]*)<\/figcaption>/g)].map(
      ([, t]) => t,
    )
    expect(captions).toEqual(['before training', 'after dcr', 'after naive', 'after reconstruction'])
    // a run that changes nothing of it has one map
    const idle = runs.map((run) => ({ ...run, moments: run.moments.slice(0, 1) }))
    expect(count(renderReport(idle, { commands: [] }), 'class="chart map"')).toBe(1)
    // two rows of class 7 in one colour, one of class 3 in another, at the corners of what is drawn
    const first = shown.slice(shown.indexOf('aria-label="map, before training"'))
    const dots = [
      ...first.slice(0, first.indexOf('</svg>')).matchAll(/class="(c\d+)" cx="([\d.]+)" cy="([\d.]+)"/g),
    ]
    expect(dots.map(([, colour, x, y]) => [colour, Number(x), Number(y)])).toEqual([
      ['c1', 8, 160],
      ['c0', 160, 312],
      ['c1', 312, 8],
    ])
    const legend = first.slice(first.indexOf('class="legend"'))
    expect(legend.slice(0, legend.indexOf('</p>')).replaceAll(/<[^>]*>/g, ' ')).toMatch(/d\s+h\s*$/)
  })

  test('names the pairs that training has won and lost', () => {
    const [run] = sampleRuns(5)
    if (!run) throw new Error('there are samples')
    const moment = (name: string, right: readonly number[]) => ({ name, results: { mmvp: { right } } })
    const shown = renderReport(
      [
        {
          ...run,
          evaluations: [{ name: 'mmvp', kind: 'mmvp_vlm' }],
          moments: [moment('start', [1, 0, 0, 1, 1]), moment('align', [1, 1, 1, 0, 1])],
        },
      ],
      { commands: [] },
    )
    expect(shown).toContain('<td data-label="won"><span>2: 2, 3</span></td>')
    expect(shown).toContain('<td data-label="lost"><span>1: 4</span></td>')
  })

  test('marks the verdicts of the table', () => {
    const table = page.slice(page.indexOf('<h2>Comparison'), page.indexOf('<h2>What this shows'))
    expect(count(table, '<tr>')).toBe(2 + 4)
    expect(count(table, 'verdict better')).toBe(2)
    expect(count(table, 'verdict worse')).toBe(2)
    expect(count(table, '<b>best</b>')).toBe(2)
    expect(count(table, '<span class="verdict">no difference seen</span>')).toBe(3 * 7 - 4 + 2)
    expect(table).toContain('twice the combined standard deviation')
  })

  test('says first of all when the generator ignores its condition', () => {
    expect(page).not.toContain('class="banner"')
    const failed = renderReport(sampleRuns(30, 0.995), { commands: [] })
    const banner = failed.indexOf('<section class="banner">')
    expect(banner).toBeGreaterThan(0)
    expect(banner).toBeLessThan(failed.indexOf('<h2>'))
    expect(failed.slice(banner, banner + 400)).toMatch(/a comparison means nothing.*at the start \(0\.995\)/s)
  })

  test('shows what there is of a run that has just begun', () => {
    const [run] = sampleRuns(5)
    if (!run) throw new Error('there are samples')
    const stages = run.stages.map((stage) => ({ ...stage, records: [] }))
    const begun = renderReport([{ ...run, stages, evaluations: [], moments: [] }], { commands: [] })
    expect(() => tagTree(begun)).not.toThrow()
    expect([...begun.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text)).toEqual(['What ran'])
    expect(begun).toContain('0 of 5')
    expect(begun).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('writes no numbers that are none', () => {
    expect(page.replaceAll(/base64,[^"]*/g, '')).not.toMatch(/NaN|Infinity|undefined|\[object/)
  })

  test('escapes names', () => {
    const [run] = sampleRuns(5)
    if (!run) throw new Error('there are samples')
    const evil = renderReport([{ ...run, pipeline: '<script>alert("x")</script>' }], { commands: ['a && b'] })
    expect(evil).not.toContain('<script')
    expect(evil).toContain('a &amp;&amp; b')
    expect(() => tagTree(evil)).not.toThrow()
  })

  test('depends on its runs alone', () => {
    expect(renderReport(sampleRuns(300), { commands: ['npm run quickstart'] })).toBe(page)
  })
})

test('html escapes text, keeps html, joins lists and drops null', () => {
  const inner = html`<i>${'a & "b"'}</i>`
  expect(html`${inner}${[inner, null]}${null}${'<'}${3}`.text).toBe(
    '<i>a &amp; &quot;b&quot;</i><i>a &amp; &quot;b&quot;</i>&lt;3',
  )
})

describe('charts', () => {
  test('ticks are round numbers inside the range', () => {
    expect(ticks(0, 300, 5)).toEqual([0, 100, 200, 300])
    expect(ticks(0.37, 0.82, 5)).toEqual([0.4, 0.5, 0.6, 0.7, 0.8])
    expect(ticks(-3, 3, 3)).toEqual([-2, 0, 2])
    expect(ticks(1, 1, 5)).toEqual([1])
    expect(tickLabels([0.4, 0.5])).toEqual(['0.4', '0.5'])
    expect(tickLabels([-0.05, 0, 0.05])).toEqual(['−0.05', '0.00', '0.05'])
    expect(tickLabels([0, 20_000])).toEqual(['0k', '20k'])
  })

  test('smoothing is the mean of the neighbours that are there', () => {
    const points: Point[] = [1, 5, 3, 7, 9].map((value, i) => [i, value])
    expect(smooth(points, 1).map(([, value]) => value)).toEqual([3, 3, 5, 19 / 3, 8])
  })

  test('thinning keeps the extremes and the order', () => {
    const points: Point[] = Array.from({ length: 10_000 }, (_, i) => [i, i === 4321 ? 99 : Math.sin(i)])
    const kept = thin(points, 500)
    expect(kept.length).toBeLessThanOrEqual(500)
    expect(kept).toContainEqual([4321, 99])
    expect(kept.map(([x]) => x)).toEqual(kept.map(([x]) => x).toSorted((a, b) => a - b))
    expect(thin(points.slice(0, 10), 500)).toHaveLength(10)
  })

  test('quantiles', () => {
    expect(quantile([5, 1, 3], 0.5)).toBe(3)
    expect(quantile([5, 1, 3], 1)).toBe(5)
  })
})
