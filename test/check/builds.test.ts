import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Builds } from '../../src/compiler/builds.js'
import { compileAnalysed } from '../../src/compiler/index.js'
import { analyzeAblationsOf } from './analyze.js'

const sample = readFileSync(new URL('samples/ablation-values.dcr', import.meta.url), 'utf8')
const source = `${sample.slice(0, sample.indexOf('ablation seeds'))}
ablation a of digits {
  variant digits {}
  variant joint { remove stage first }
  variant slower { override stage fit { train head { lr = 1e-4 } } }
  variant watched { override stage fit { monitor size = mean(square(error)) } }
  variant warm { override param tau = 0.5 }
}`
const runs = () => analyzeAblationsOf(source).ablations.flatMap((ablation) => ablation.runs)

describe('variants of one ablation', () => {
  it('compile to the same bytes together, where equal parts are built once, as each alone', () => {
    const together = runs()
    expect(together).toHaveLength(5)
    for (const [k, { variant, analysis }] of together.entries()) {
      const built = compileAnalysed(analysis).artefact
      // another analysis is another program, of which nothing was built
      const [alone] = runs().slice(k)
      expect(built, variant).toEqual(alone && compileAnalysed(alone.analysis).artefact)
    }
  })

  it('have one graph where they differ in what the runner feeds, and each its own settings', () => {
    const built = (variant: string) => {
      const found = all.find((run) => run.variant === variant)
      const { lowered, program, target } = found?.analysis ?? {}
      const stage = lowered?.stages.find(({ name }) => name === 'fit')
      if (!stage || !program || !target) throw new Error(`${variant} has no stage`)
      return Builds.of(program, target).stage(stage)
    }
    const all = runs()
    const [plain, slower, watched] = [built('digits'), built('slower'), built('watched')]
    const step = ({ updates }: typeof plain) => updates[0]?.scheduled.graphs.step
    const rate = ({ updates }: typeof plain) => updates[0]?.scheduled.lowered.groups[0]?.settings['lr']
    expect(step(slower)).toBe(step(plain))
    expect(rate(slower)).not.toBe(rate(plain))
    expect(step(watched)).not.toBe(step(plain))
  })
})
