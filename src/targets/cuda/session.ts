import type { SessionModel } from '../session.js'

/** A node that is not on the device is an error: its operands would cross the bus, unseen. */
export const session = {
  provider: 'cuda',
  installed: {
    title: 'CUDA',
    files: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'],
    loaded: ['libcudnn.so.9'],
    brings: [
      { library: 'libcuda.so', what: 'the NVIDIA driver' },
      { library: 'libcudnn', what: 'cuDNN 9 for CUDA 13 (in Python: nvidia-cudnn-cu13)' },
      {
        library: 'lib',
        what: 'the CUDA 13 toolkit (in Python: nvidia-cublas, nvidia-cuda-runtime, nvidia-curand)',
      },
    ],
  },
  providerOptions: {
    device_id: '0',
    // The planner counts what is asked for; powers of two would take up to twice that.
    arena_extend_strategy: 'kSameAsRequested',
    // Trying all algorithms takes minutes for a model with hundreds of convolutions.
    cudnn_conv_algo_search: 'HEURISTIC',
    use_tf32: '0',
  },
  options: {
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    logSeverityLevel: 4,
    extra: {},
  },
  entries: () => ({ disable_cpu_ep_fallback: '1' }),
} as const satisfies SessionModel

/** The same, where matrices are multiplied with the first ten bits of each fraction, and added up in f32. */
export const sessionInTf32: SessionModel = {
  ...session,
  providerOptions: { ...session.providerOptions, use_tf32: '1' },
}
