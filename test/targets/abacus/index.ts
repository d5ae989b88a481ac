import { foldConstants } from '../../../src/compiler/passes/fold-constants.js'
import { matmulFusion } from '../../../src/compiler/passes/fuse-matmul.js'
import { mergeCommon } from '../../../src/compiler/passes/merge-common.js'
import { simplify } from '../../../src/compiler/passes/simplify/index.js'
import { cpu } from '../../../src/targets/cpu/index.js'
import type { Kernels } from '../../../src/targets/kernels.js'
import type { Target } from '../../../src/targets/target.js'
import { geluByErf } from './gelu-by-erf.js'
import { plainProducts } from './plain-products.js'

const lacking = new Set(['FusedMatMul', 'Gelu'])

const kernels: Kernels = Object.fromEntries(
  Object.entries(cpu.kernels)
    .filter(([name]) => !lacking.has(name))
    .map(([name, kernel]) => [name, { ...kernel, types: kernel.types.filter((type) => type !== 'bf16') }]),
)

const products = matmulFusion({ stacks: false })

/** A target that is not there: it lacks two operators and bf16, has passes of its own and runs nodes as they come. */
export const abacus: Target = {
  name: 'abacus',
  doc: 'beads on wires',
  kernels,
  passes: {
    forward: [geluByErf, plainProducts, foldConstants, simplify, mergeCommon, products],
    step: [plainProducts, foldConstants, simplify, mergeCommon, products],
  },
  precision: cpu.precision,
  schedule: (graph) => ({ ...cpu.schedule(graph), places: null }),
  cost: { ...cpu.cost, session: { fixed: 1, perNode: 1 } },
  session: { ...cpu.session, provider: 'abacus' },
}
