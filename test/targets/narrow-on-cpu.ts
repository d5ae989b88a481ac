import { computeInF32 } from '../../src/compiler/passes/compute-in-f32.js'
import { operator } from '../../src/ops/registry.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { cuda } from '../../src/targets/cuda/index.js'
import type { Kernels } from '../../src/targets/kernels.js'
import type { Target } from '../../src/targets/target.js'
import { isNarrow } from '../../src/graph/types.js'

/** What moves values as they are has kernels for all types; all else is computed in f32. */
const kernels: Kernels = Object.fromEntries(
  Object.entries(cpu.kernels).map(([name, kernel]) => [
    name,
    operator(name).moves ? kernel : { ...kernel, types: kernel.types.filter((type) => !isNarrow(type)) },
  ]),
)

/**
 * The graphs of CUDA on the processor: each node that is narrow there is computed in f32, of operands of 16 bits, and its
 * result rounded, as kernels of 16 bits do that add up in f32.
 */
export const narrowOnCpu: Target = {
  ...cuda,
  name: cpu.name,
  kernels,
  passes: { ...cuda.passes, step: [...cuda.passes.step, computeInF32(() => kernels)] },
  schedule: (graph) => cpu.schedule(graph),
  cost: cpu.cost,
  session: cpu.session,
}
