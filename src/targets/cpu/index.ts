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
  // There is no arithmetic in bf16: everything is computed in f32, of weights that are rounded.
  precision: {
    held: 'f32',
    read: (b, parameter, type) => b.cast(b.cast(parameter, type), 'f32'),
  },
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
