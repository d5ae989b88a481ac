import { describe, expect, it } from 'vitest'
import { type Nested, evaluated, flat, oracle, tensor } from './expressions.js'
import { type Inputs, relativeError } from './harness.js'

interface AugmentCase {
  readonly image: Nested
  readonly draws: Readonly<Record<string, number>>
  readonly jittered: Nested
  readonly result: Nested
}

describe('std.augment paper_augment: pixel by pixel as written in Python, for the same random numbers', () => {
  const { cases } = oracle<{ readonly cases: AugmentCase[] }>('augment')
  const n = cases.length
  const text = `
use std.augment { color_jitter, paper_augment }
pipeline augmentation {
  let image = draw uniform(0, 1) of [${n}, 3, 6, 5]
  evaluate colours = pictures(original = color_jitter(image))
  evaluate all = pictures(original = paper_augment(image))
}`
  const names: Readonly<Record<string, string>> = {
    light: 'brightness',
    spread: 'contrast',
    colour: 'saturation',
    turn: 'hue',
    area: 'area',
    log_ratio: 'log_ratio',
    left: 'left',
    top: 'top',
  }
  const inputs: Inputs = (path) => {
    if (path === 'image') return tensor(cases.map((c) => c.image))
    const last = path.split('/').at(-1) ?? ''
    const flip = /(horizontal|vertical)_flip/.exec(path)?.[1]
    const name = flip ?? names[last]
    if (name === undefined) throw new Error(`no input ${path}`)
    return tensor(cases.map((c) => c.draws[name] ?? NaN))
  }

  it('colours', async () => {
    const { original = [] } = await evaluated(text, 'colours', inputs)
    expect(relativeError(original, flat(cases.map((c) => c.jittered)))).toBeLessThan(1e-5)
  })

  it('colours, flips and crop', async () => {
    const { original = [] } = await evaluated(text, 'all', inputs)
    expect(relativeError(original, flat(cases.map((c) => c.result)))).toBeLessThan(1e-5)
  })
})
