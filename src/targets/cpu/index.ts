import { roundedWeights } from '../precision.js'
import type { Target } from '../target.js'
import { kernels } from './kernels.js'
import { forward, step } from './passes.js'
import { schedule } from './schedule.js'
import { session } from './session.js'

export const cpu: Target = {
  name: 'cpu',
  doc: 'onnxruntime on the processor',
  kernels,
  passes: { forward, step },
  // It has no arithmetic in bf16.
  precision: roundedWeights,
  schedule,
  cost: {
    // onnxruntime's environment, the code of its kernels and threads; and per node its kernel, its part of the execution
    // plan, small allocations. Measured with onnxruntime 1.30 on graphs of 100 to 9,500 nodes, which it fits to 12 %.
    session: { fixed: 45e6, perNode: 11e3 },
    // onnxruntime's own and the copy of its binding.
    copiesOfOutputs: 2,
    // Results of the prologue are mapped from their file.
    crosses: ({ kind }) => kind !== 'prologue',
  },
  session,
}
