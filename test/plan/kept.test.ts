import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { keptFigures } from '../../src/cli/kept-figures.js'
import { type Planning, plan } from '../../src/compiler/index.js'
import type { Figures, KeptFigures } from '../../src/compiler/plan/kept.js'
import { planCache } from '../../src/cache.js'
import { readLibrary } from '../check/analyze.js'

/*
 * Aim: figures of a plan are kept and taken for every pipeline of which they are true, and for no other; a cache that is
 * damaged or cannot be written changes no plan.
 */

/** Figures in memory. */
class Kept implements KeptFigures {
  readonly figures = new Map<string, Figures>()
  read = (key: string): Figures | undefined => this.figures.get(key)
  write = (key: string, figures: Figures): void => void this.figures.set(key, figures)
}

interface Change {
  readonly width?: number
  readonly rows?: number
  readonly draw?: string
  readonly clauses?: string
  readonly optimizer?: string
  readonly before?: string
  readonly loss?: string
  readonly entry?: string
  readonly stage?: string
  readonly behind?: string
}

function planned(kept: KeptFigures | undefined, change: Change = {}): Planning {
  const { width = 8, rows = 4, draw = 'normal', clauses = '', optimizer = 'sgd(lr = 0.1)' } = change
  const {
    before = '',
    loss = 'mean(logsumexp(pairs, 1)) + mean(y * y)',
    entry = 'main.dcr',
    stage = 's',
    behind = '',
  } = change
  const text = `${before}
use std.nn { Linear }
pipeline p {
  model net = Linear(16, ${width})
  let x = draw ${draw} of [${rows}, 16]
  let y = net(x)
  let pairs = mean(square(tanh(y[i] - y[j])), axis = 1) for i, j in ${rows}
  stage ${stage} { train net  minimize ${loss}  optimizer ${optimizer}  steps 10  ${clauses} }
  ${behind}
}`
  return plan({ entry, files: { read: (path: string) => (path === entry ? text : readLibrary(path)) } }, kept)
}

describe('figures of an earlier plan', () => {
  const kept = new Kept()
  const first = planned(kept)
  const [[key, figures] = ['', { conversions: [], stages: [] }]] = kept.figures

  it('are those of the same plan without them', () => {
    expect(kept.figures.size).toBe(1)
    expect(first).toEqual(planned(undefined))
    const inText = new Kept()
    inText.figures.set(key, JSON.parse(JSON.stringify(figures)) as Figures)
    expect(planned(inText)).toEqual(first)
  })

  it('are taken, and nothing is computed', () => {
    const other = new Kept()
    other.figures.set(key, { ...figures, stages: figures.stages.map((s) => ({ ...s, flops: 123 })) })
    expect(planned(other).plan?.stages.map(({ flops }) => flops)).toEqual([123])
  })

  const same: Readonly<Record<string, Change>> = {
    'a comment': { before: '// what it is for\n' },
    'another file': { entry: 'other.dcr' },
    'another declaration that no stage reads': { behind: 'let unread = mean(x)' },
  }
  it.each(Object.entries(same))('are true in spite of %s', (_, change) => {
    const now = new Kept()
    planned(now, change)
    expect([...now.figures.keys()]).toEqual([key])
  })

  const others: Readonly<Record<string, Change>> = {
    'a model of another size': { width: 9 },
    'another number of rows': { rows: 5 },
    'another loss': { loss: 'mean(y * y * y)' },
    'another distribution': { draw: 'uniform(0.0, 1.0)' },
    'another optimizer': { optimizer: 'adamw(lr = 0.1)' },
    'another rate': { optimizer: 'sgd(lr = 0.2)' },
    'a schedule': { clauses: 'schedule cosine(warmup = 2)' },
    'a monitor': { clauses: 'monitor m = mean(y)' },
    'a monitor of pairs': { clauses: 'monitor m = mean(logsumexp(pairs, 1))' },
    accumulation: { clauses: 'accumulate 2' },
    'a bound of the norm': { clauses: 'clip_norm 1.0' },
    averages: { clauses: 'ema 0.99' },
    precision: { clauses: 'precision bf16' },
    checkpoints: { clauses: 'save_every 5' },
    'a budget of memory': { clauses: 'memory 1 GB' },
    'a stage of another name': { stage: 'other' },
    'a second stage': {
      behind: 'stage more { train net  minimize mean(y)  optimizer sgd(lr = 1.0)  steps 1 }',
    },
    'another model': { behind: 'model more = Linear(2, 2)\nexport more' },
  }
  it.each(Object.entries(others))('are not taken for %s', (_, change) => {
    const now = new Kept()
    const { plan: made, diagnostics } = planned(now, change)
    expect(made, diagnostics.map((d) => d.message).join('\n')).toBeDefined()
    expect([...now.figures.keys()]).not.toContain(key)
    expect(now.figures.size).toBe(1)
  })

  it('are not kept where a stage is complained about: each plan tells it', () => {
    const now = new Kept()
    const tight = { clauses: 'memory 1 MB' }
    const codes = (): readonly string[] => planned(now, tight).diagnostics.map((d) => d.code)
    expect(codes()).toEqual(['stage/memory'])
    expect(codes()).toEqual(['stage/memory'])
    expect(now.figures.size).toBe(0)
  })
})

describe('the cache of figures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-plans-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const figures: Figures = { conversions: [], stages: [] }
  const project = (name: string): string => join(folder, name)
  const program = (name: string, text: string): string => {
    const file = join(folder, name, 'dcrc.js')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  const opened = (root: string, file: string): KeptFigures => {
    const kept = keptFigures(root, file)
    if (!kept) throw new Error('the program is there')
    return kept
  }

  it('keeps them for a project and a build', () => {
    const [one, two] = [program('one', 'a'), program('two', 'b')]
    opened(project('p'), one).write('key', figures)
    expect(opened(project('p'), one).read('key')).toEqual(figures)
    expect(opened(project('p'), one).read('other')).toBeUndefined()
    expect(opened(project('p'), two).read('key')).toBeUndefined()
    expect(opened(project('q'), one).read('key')).toBeUndefined()
  })

  it('finds what the build has planned beside the program, from every project', () => {
    const file = program('built', 'c')
    opened(dirname(file), file).write('key', figures)
    expect(opened(project('anywhere'), file).read('key')).toEqual(figures)
  })

  it('is none for a program that is not built', () => {
    expect(keptFigures(project('p'), join(folder, 'no-such-program.js'))).toBeUndefined()
  })

  it('takes nothing of a file that is cut short or holds something else, and writes it anew', () => {
    const kept = opened(project('cut'), program('cutter', 'd'))
    kept.write('key', figures)
    const [name = ''] = readdirSync(planCache(project('cut'))).filter((n) => n.endsWith('.json'))
    for (const text of ['{"conversions":[],"sta', '{}', 'null', '[]', '']) {
      writeFileSync(join(planCache(project('cut')), name), text)
      expect(kept.read('key')).toBeUndefined()
    }
    kept.write('key', figures)
    expect(kept.read('key')).toEqual(figures)
  })

  it('goes without where nothing can be written', () => {
    writeFileSync(project('file'), 'a file where a folder should be')
    const kept = opened(project('file'), program('writer', 'e'))
    expect(() => kept.write('key', figures)).not.toThrow()
    expect(kept.read('key')).toBeUndefined()
  })

  it('drops the oldest of more than a hundred', () => {
    const root = project('many')
    const kept = opened(root, program('maker', 'f'))
    for (let k = 0; k < 100; k++) kept.write(`key${k}`, figures)
    const [oldest = ''] = readdirSync(planCache(root)).filter((n) => n.includes('key37.'))
    utimesSync(join(planCache(root), oldest), 1, 1)
    kept.write('one more', figures)
    expect(kept.read('key37')).toBeUndefined()
    for (const key of ['key0', 'key99', 'one more']) expect(kept.read(key)).toEqual(figures)
  })
})
