import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../../src/compiler/check-file.js'
import { analyzeAblationsOf, analyzeSources, requestOf } from './analyze.js'

const sample = readFileSync(new URL('samples/ablation-values.dcr', import.meta.url), 'utf8')
const base = sample.slice(0, sample.indexOf('ablation seeds'))

describe('ablations', () => {
  const source = `${base}
pipeline other extends digits { override param tau = 0.3 }
ablation a of digits {
  variant digits {}
  variant joint { remove stage first; override stage fit { train head { lr = 1e-4 } } }
  variant other = other
  vary batch in [8, 16]
  vary tau in [0.1, 0.5, 1]
  seeds 0..=2
}
ablation b of other { seeds [7] }`
  const { ablations, diagnostics } = analyzeAblationsOf(source)

  it('are every variant with every combination of values, in their order', () => {
    expect(diagnostics).toEqual([])
    const [first, second] = ablations
    expect(first?.seeds).toEqual([0, 1, 2])
    expect(first?.runs).toHaveLength(3 * 2 * 3)
    expect(first?.runs.slice(0, 4).map((run) => [run.variant, ...run.settings.values()])).toEqual([
      ['digits', '8', '0.1'],
      ['digits', '8', '0.5'],
      ['digits', '8', '1'],
      ['digits', '16', '0.1'],
    ])
    expect(second?.runs.map((run) => [run.variant, run.settings.size])).toEqual([['other', 0]])
  })

  it('lower each run as the pipeline with that change and those values would be', () => {
    const runs = ablations[0]?.runs ?? []
    const of = (variant: string) =>
      runs.filter((run) => run.variant === variant).map((run) => run.analysis.lowered)
    expect(of('digits').map((lowered) => lowered?.params)).toEqual(
      [8, 16].flatMap((batch) => [0.1, 0.5, 1].map((tau) => ({ tau, batch }))),
    )
    expect(of('joint')[0]?.stages.map((stage) => stage.name)).toEqual(['fit'])
    expect(of('joint')[0]?.stages[0]?.updates[0]?.groups.map((group) => group.settings['lr'])).toEqual([1e-4])
    const alone = analyzeSources(source, { batch: '8', tau: '0.1' }, 'other').lowered
    const trained = (lowered: typeof alone) => lowered?.stages.flatMap((s) => s.updates.map((u) => u.trained))
    expect(trained(of('other')[0])).toEqual(trained(alone))
    expect(of('other')[0]?.params).toEqual(alone?.params)
  })

  it('tell once what is wrong in several runs, and not again what is wrong in the pipeline itself', () => {
    const broken = source.replace('mean(square(error))', 'mean(square(eror))')
    const found = checkFile(requestOf(broken))
    expect(found.map((d) => [d.code, d.within])).toEqual([['name/unknown', undefined]])
    const warned = source.replace('remove stage first', 'let z = 1')
    expect(checkFile(requestOf(warned)).map((d) => [d.code, d.within])).toEqual([
      ['name/unused', 'variant `joint` of ablation `a`, batch = 8, tau = 0.1, and 5 more'],
    ])
  })
})
