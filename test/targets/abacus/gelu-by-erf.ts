import { localPass } from '../../../src/compiler/passes/pass.js'

/** x / 2 (1 + erf(x / sqrt(2))), for who has no kernel of it. */
export const geluByErf = localPass(
  { name: 'gelu-by-erf', doc: 'Writes Gelu with Erf.', requires: [] },
  (findings) => ({
    node({ op }, [x], { b }) {
      if (op !== 'Gelu' || !x) return undefined
      findings.changed++
      const { dtype } = x.type
      const share = b.add(b.op('Erf', [b.scale(x, Math.SQRT1_2)]), b.scalar(1, dtype))
      return [b.mul(b.scale(x, 0.5), share)]
    },
  }),
)
