/** An execution provider of onnxruntime that no target is compiled for yet, and the library that it needs beside it. */
export interface Provider {
  readonly title: string
  readonly name: string
  readonly library: string
}

export const otherProviders: readonly Provider[] = [
  { title: 'CUDA', name: 'cuda', library: 'libonnxruntime_providers_cuda.so' },
]
