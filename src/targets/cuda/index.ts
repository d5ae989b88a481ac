import { narrowFloats } from '../../graph/types.js'
import { roundedWeights } from '../precision.js'
import type { Target } from '../target.js'
import { kernels } from './kernels.js'
import { forward, step } from './passes.js'
import { schedule } from './schedule.js'
import { session, sessionInTf32 } from './session.js'

export const cuda: Target = {
  name: 'cuda',
  doc: 'onnxruntime on an NVIDIA GPU',
  kernels,
  passes: { forward, step },
  // Behind the rounding that the processor does too, what reads weights takes them in the narrow type.
  precision: { ...roundedWeights, arithmetic: narrowFloats },
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

/** Tensor cores take f32 in TF32, at several times the rate: a run of its own, with results of its own. */
export const cudaTf32: Target = {
  ...cuda,
  name: 'cuda-tf32',
  doc: 'the same GPU, products of matrices and convolutions in TF32',
  session: sessionInTf32,
}
