import { describe, expect, it } from 'vitest'
import { evaluated, from, keptError, oracle, tensor } from './expressions.js'

interface Case {
  readonly gradients: number[][]
  readonly uniform: number[][]
  readonly pcgrad: number[]
  readonly pcgrad_shuffled: number[]
  readonly mgda: number[]
  readonly c: number
  readonly cagrad: number[]
}

/** The order of three and more tasks is a draw at a path of the library's own. */
const order = '/pcgrad/order'

describe('std.surgery against NumPy', () => {
  for (const [k, c] of oracle<{ readonly cases: readonly Case[] }>('surgery').cases.entries()) {
    const n = c.gradients.length
    const names = c.gradients.map((_, i) => `g${i}`)
    const list = `[${names.join(', ')}]`
    const text = `
use std.surgery { pcgrad, mgda, cagrad }
pipeline golden {
${names.map((name) => `  let ${name} = draw normal of [${c.gradients[0]?.length}]`).join('\n')}
  let shuffled = pcgrad(${list})
  evaluate ordered = pictures(original = kept(pcgrad(${list}, shuffle = false)), reconstruction = kept(shuffled))
  evaluate convex = pictures(original = kept(mgda(${list})), reconstruction = kept(cagrad(${list}, c = ${c.c})))
}`
    const inputs = from({
      ...Object.fromEntries(c.gradients.map((g, i) => [`g${i}`, tensor(g)])),
      [`shuffled${order}`]: tensor(c.uniform),
    })

    it(`pcgrad of ${n} gradients (${k}): in order and in a drawn order, within 1e-5`, async () => {
      const found = await evaluated(text, 'ordered', inputs)
      expect(keptError(found['original'], c.pcgrad)).toBeLessThan(1e-5)
      // two tasks have one order, so nothing is drawn
      const wanted = n > 2 ? c.pcgrad_shuffled : c.pcgrad
      expect(keptError(found['reconstruction'], wanted)).toBeLessThan(1e-5)
    })

    it(`mgda and cagrad of ${n} gradients (${k}), within 1e-3`, async () => {
      const found = await evaluated(text, 'convex', inputs)
      expect(keptError(found['original'], c.mgda)).toBeLessThan(1e-3)
      expect(keptError(found['reconstruction'], c.cagrad)).toBeLessThan(1e-3)
    })
  }
})
