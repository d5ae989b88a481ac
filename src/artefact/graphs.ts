import type { DType, NarrowFloat } from '../graph/types.js'
import type { InputRole, OutputRole } from './roles.js'

/** A tensor by its name in a file. */
export interface NamedTensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/**
 * A frozen parameter: an external initializer that linking binds to a weight file. Its values are rounded to `as`, if
 * that is given, and held as `dtype`.
 */
export interface FrozenParameter extends NamedTensor {
  readonly model: string
  readonly path: string
  readonly as: NarrowFloat | null
}

/** A graph that the runner calls. */
export interface GraphSpec {
  /** File name beside the manifest. */
  readonly file: string
  readonly inputs: readonly (NamedTensor & { readonly role: InputRole })[]
  readonly outputs: readonly (NamedTensor & { readonly role: OutputRole })[]
  readonly parameters: readonly FrozenParameter[]
  /** onnxruntime's own optimisation level: `all` where it lays out frozen convolutions in blocks, else our order stands. */
  readonly optimization: 'disabled' | 'all'
  readonly flops: number
  /** Predicted peak bytes of activations and state of one run. */
  readonly peak_bytes: number
}
