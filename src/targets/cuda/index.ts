import { roundedWeights } from '../precision.js'
import type { Target } from '../target.js'
import { kernels } from './kernels.js'
import { forward, step } from './passes.js'
import { schedule } from './schedule.js'
import { session } from './session.js'

export const cuda: Target = {
  name: 'cuda',
  doc: 'onnxruntime on an NVIDIA GPU',
  kernels,
  passes: { forward, step },
  // As on the processor, so that both give the same values.
  precision: roundedWeights,
  schedule,
  cost: {
    // Of the device's memory, beside what the driver and its libraries take.
    session: { fixed: 0, perNode: 0 },
    copiesOfOutputs: 1,
    // Results of the prologue are mapped from their file.
    crosses: ({ kind }) => kind !== 'prologue',
  },
  session,
}
