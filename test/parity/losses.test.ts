import { describe, expect, it } from 'vitest'
import { rounding } from '../rounding.js'
import { type Nested, evaluated, flat, from, golden, keptError, oracle, tensor } from './expressions.js'

interface DcrCase {
  readonly tau: number
  readonly pairs: number[][][]
  readonly positive: number[][]
  readonly target: number[][]
  readonly loss: number
  readonly grad_pairs: Nested
  readonly grad_positive: Nested
}

describe('std.losses dcr_loss: golden values and gradients within 1e-5', () => {
  const { cases } = golden<{ readonly cases: Readonly<Record<string, DcrCase>> }>('dcr_loss')
  for (const [name, c] of Object.entries(cases)) {
    it(name, async () => {
      const { shape } = tensor(c.pairs)
      const [n, , d] = shape
      const text = `
use std.losses { dcr_loss }
pipeline golden {
  let pairs = draw normal of [${n}, ${n}, ${d}]
  let positive = draw normal of [${n}, ${d}]
  let target = draw normal of [${n}, ${d}]
  loss dcr = dcr_loss(pairs, positive, target, ${c.tau.toFixed(4)})
  evaluate first = pictures(original = kept(dcr), reconstruction = kept(grad(dcr, pairs)))
  evaluate second = pictures(original = kept(grad(dcr, positive)))
}`
      const inputs = from({ pairs: tensor(c.pairs), positive: tensor(c.positive), target: tensor(c.target) })
      const first = await evaluated(text, 'first', inputs)
      const second = await evaluated(text, 'second', inputs)
      expect(keptError(first['original'], [c.loss])).toBeLessThan(1e-5)
      expect(keptError(first['reconstruction'], flat(c.grad_pairs))).toBeLessThan(1e-5)
      expect(keptError(second['original'], flat(c.grad_positive))).toBeLessThan(1e-5)
    })
  }
})

describe('std.losses dcr_loss_bf16: torch in bf16, operation by operation', () => {
  const { dcr_in_bf16 } = oracle<{ readonly dcr_in_bf16: readonly DcrCase[] }>('methods')
  for (const c of dcr_in_bf16) {
    const [n = 0, , d] = tensor(c.pairs).shape
    it(`${n} pictures, ${d} numbers each`, async () => {
      const text = `
use std.losses { dcr_loss, dcr_loss_bf16 }
pipeline rounded {
  let pairs = draw normal of [${n}, ${n}, ${d}]
  let positive = draw normal of [${n}, ${d}]
  let target = draw normal of [${n}, ${d}]
  loss dcr = dcr_loss_bf16(pairs, positive, target, ${c.tau.toFixed(4)})
  evaluate both = pictures(original = kept(dcr), reconstruction = kept(grad(dcr, pairs)))
  evaluate exact = pictures(original = kept(dcr_loss(pairs, positive, target, ${c.tau.toFixed(4)})))
}`
      const inputs = from({ pairs: tensor(c.pairs), positive: tensor(c.positive), target: tensor(c.target) })
      const both = await evaluated(text, 'both', inputs)
      expect(keptError(both['original'], [c.loss])).toBeLessThan(1e-3)
      // On another way through the graph; sums over d are kept in f32, those over pictures are rounded.
      expect(keptError(both['reconstruction'], flat(c.grad_pairs))).toBeLessThan(rounding(n, 'bf16'))
      // The rounding shows.
      expect(keptError((await evaluated(text, 'exact', inputs))['original'], [c.loss])).toBeGreaterThan(1e-5)
    })
  }
})

interface InfoNceCase {
  readonly tau: number
  readonly labels: number[]
  readonly features: number[][]
  readonly loss: number
  readonly grad: Nested
}

describe('std.losses info_nce: golden values and gradients within 1e-5', () => {
  const { cases } = golden<{ readonly cases: Readonly<Record<string, InfoNceCase>> }>('info_nce')
  for (const [name, c] of Object.entries(cases)) {
    it(name, async () => {
      const [n, d] = tensor(c.features).shape
      const text = `
use std.losses { info_nce }
pipeline golden {
  let z = draw normal of [${n}, ${d}]
  loss contrastive = info_nce(z, constant([${c.labels.join(', ')}]), ${c.tau.toFixed(4)})
  evaluate both = pictures(original = kept(contrastive), reconstruction = kept(grad(contrastive, z)))
}`
      const both = await evaluated(text, 'both', from({ z: tensor(c.features) }))
      expect(keptError(both['original'], [c.loss])).toBeLessThan(1e-5)
      expect(keptError(both['reconstruction'], flat(c.grad))).toBeLessThan(1e-5)
    })
  }

  it('two_views is info_nce whose labels say which rows are views of one picture', async () => {
    const c = cases['two_views']
    if (!c) throw new Error('no such case')
    const half = c.features.length / 2
    const text = `
use std.losses { two_views }
pipeline golden {
  let z = draw normal of [${half}, ${c.features[0]?.length}]
  let z_plus = draw normal of [${half}, ${c.features[0]?.length}]
  evaluate loss = pictures(original = kept(two_views(z, z_plus, ${c.tau.toFixed(4)})))
}`
    const inputs = from({ z: tensor(c.features.slice(0, half)), z_plus: tensor(c.features.slice(half)) })
    expect(keptError((await evaluated(text, 'loss', inputs))['original'], [c.loss])).toBeLessThan(1e-5)
  })
})

describe('cosine of two gradients (Eq. 11)', () => {
  const g = golden<{ readonly a: number[][]; readonly b: number[][]; readonly cosine: number }>('conflict')

  it('is the golden value', async () => {
    const text = `
pipeline golden {
  let a = draw normal of [6, 4]
  let b = draw normal of [6, 4]
  let z = draw normal of [6, 4]
  loss one = sum(a * z)
  loss two = sum(b * z)
  evaluate conflict = pictures(original = kept(cosine(grad(one, z), grad(two, z))))
}`
    const inputs = from({ a: tensor(g.a), b: tensor(g.b), z: tensor(g.a) })
    expect(keptError((await evaluated(text, 'conflict', inputs))['original'], [g.cosine])).toBeLessThan(1e-6)
  })
})
