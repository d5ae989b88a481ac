import { describe, expect, it } from 'vitest'
import { analyze } from '../../src/compiler/analyze.js'
import { compileAnalysed, planAnalysed } from '../../src/compiler/index.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { cuda } from '../../src/targets/cuda/index.js'
import type { Target } from '../../src/targets/target.js'
import { readLibrary } from '../check/analyze.js'

/*
 * Aim: a target with arithmetic in 16 bits tells in which types it computes what, and refuses to take gradients through
 * f16; one without does neither.
 */

interface Given {
  readonly base?: string
  readonly head?: string
  readonly train?: string
  readonly body?: string
  readonly clauses?: string
}

const textOf = ({
  base = '',
  head = '',
  train = 'head',
  body = 'head(base(x))',
  clauses = '',
}: Given): string => `
use std.nn { Conv2d }
use std.losses { mse }
pipeline p {
  model base = Conv2d(3, 160, 3, padding = 1) ${base}
  model head = Conv2d(160, 4, 3, padding = 1) ${head}
  let x = draw normal of [2, 3, 8, 8]
  let target = draw normal of [2, 4, 8, 8]
  stage s { train ${train}; minimize mse(${body}, target); optimizer sgd(lr = 0.1); steps 3; ${clauses} }
}`

const analysed = (given: Given, target: Target): ReturnType<typeof analyze> => {
  const text = textOf(given)
  const read = (path: string): string | undefined => (path === 'main.dcr' ? text : readLibrary(path))
  return analyze({ entry: 'main.dcr', files: { read }, target })
}

describe('gradients through f16', () => {
  const problems = (given: Given, target: Target): readonly string[] =>
    analysed(given, target).diagnostics.map(({ code, message }) => `${code}: ${message}`)
  const refused = (model: string): readonly string[] => [
    `target/precision: \`cuda\` would take gradients through f16, in which weights of \`${model}\` are computed: most would be 0`,
  ]

  it.each<[string, Given, readonly string[]]>([
    ['of what is trained in it', { clauses: 'precision f16' }, refused('head')],
    ['of a model behind what is trained', { head: 'as f16', train: 'base' }, refused('head')],
    ['not of a model before it', { base: 'as f16' }, []],
    ['not through bf16', { base: 'as bf16', clauses: 'precision bf16' }, []],
  ])('%s', (_, given, wrong) => {
    expect(problems(given, cuda)).toEqual(wrong)
    expect(problems(given, cpu)).toEqual([])
  })
})

describe('the plan', () => {
  const arithmetic = (given: Given, target: Target): unknown =>
    planAnalysed(analysed(given, target)).plan?.stages[0]?.arithmetic

  it('tells in which types products and convolutions are computed, and how many casts there are', () => {
    expect(arithmetic({}, cuda)).toBeNull()
    expect(arithmetic({ base: 'as bf16', clauses: 'precision bf16' }, cpu)).toBeNull()
    expect(arithmetic({ base: 'as f16' }, cuda)).toMatchObject({ kernels: { f16: 1, f32: 1 } })
  })

  it('tells what stands in f32 for want of a kernel', () => {
    const body = 'head(resize_nearest(base(x)[:, :, :4, :4], [8, 8]))'
    expect(arithmetic({ base: 'as bf16', clauses: 'precision bf16', body }, cuda)).toMatchObject({
      kernels: { bf16: 2 },
      islands: ['Resize in bf16', 'Pad in bf16'],
    })
  })
})

it('frozen weights in f16 are narrow in memory: the prologue casts them once', () => {
  const { artefact } = compileAnalysed(analysed({ base: 'as f16' }, cuda))
  const graphs = artefact?.manifest.stages[0]?.updates[0]?.graphs
  expect(graphs?.prologue?.outputs.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual([
    { dtype: 'f16', shape: [160, 3, 3, 3] },
  ])
  // A vector of 160 numbers costs no more than the input that would replace it.
  expect(graphs?.step.parameters.map(({ path }) => path)).toEqual(['bias'])
})
