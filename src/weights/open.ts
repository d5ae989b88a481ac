import type { FoundWeights } from './find.js'
import { openIndex } from './index-file.js'
import { openOnnxWeights } from './onnx-file.js'
import { openSafetensors } from './safetensors.js'
import type { WeightTable } from './table.js'
import { openTorch } from './torch/torch-file.js'

/**
 * The tensors of weights by name, and where they lie; no more than headers are read. `cache` is the folder for what must
 * be written anew to be read. Throws WeightsError, and OnnxProblem for an ONNX file.
 */
export function openWeights({ file, format }: FoundWeights, cache: string): Promise<WeightTable> {
  switch (format) {
    case 'safetensors':
      return openSafetensors(file)
    case 'safetensors-index':
      return openIndex(file, openSafetensors)
    case 'torch':
      return openTorch(file)
    case 'torch-index':
      return openIndex(file, openTorch)
    case 'onnx':
      return openOnnxWeights(file, cache)
  }
}
