import type { DType, NarrowFloat } from '../graph/types.js'

/** How a parameter starts when no weights are given. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  /** As a parameter of another model is when the first stage begins that reads it. */
  | { readonly kind: 'copy'; readonly model: string; readonly path: string }

/** A path with `*` for any texts, and the tensor of a file that holds it; an empty path: no parameter has it. */
export interface KeySpec {
  readonly path: string
  readonly name: string
  /** The file holds the matrix on its side. */
  readonly transposed: boolean
  /** Of several parameters that are one tensor there, which along the first axis. */
  readonly part: number
  readonly parts: number
}

export interface ModelSpec {
  readonly name: string
  /** A weight file or folder, relative to the project root, or a model of the Hugging Face cache. */
  readonly from: string | null
  /** The type to which its f32 parameters are rounded, wherever they are read. */
  readonly as: NarrowFloat | null
  /** What stands before the names of the file, and the model's paths do not have. */
  readonly strip?: string | undefined
  /** Where the parameters lie in a file that names them otherwise. */
  readonly keys?: readonly KeySpec[] | undefined
  /** Patterns of tensors of the file that the model has no parameter for. */
  readonly ignore: readonly string[]
  /** The text of `config.json`, where the model has a record that mirrors it. */
  readonly config: string | null
  /** Configurations and tokenizers that were looked for when it was compiled, by name from the directory; null: absent. */
  readonly files: readonly { readonly name: string; readonly sha256: string | null }[]
  readonly parameters: readonly {
    readonly path: string
    readonly dtype: DType
    readonly shape: readonly number[]
    readonly init: Initializer
    /** It is never trained; stages may give it a next value at each step. */
    readonly state?: true | undefined
  }[]
}

/** Low-rank factors beside weights of a model: W + (alpha / rank) B A. They are kept under `models`, by the adapter's name. */
export interface AdapterSpec {
  readonly name: string
  readonly model: string
  readonly rank: number
  readonly alpha: number
  readonly dropout: number
  /** Paths of the module and its weight in the model, and of the factors. */
  readonly layers: readonly {
    readonly module: string
    readonly weight: string
    readonly a: string
    readonly b: string
    /** Where they are not those of the adapter. */
    readonly rank?: number | undefined
    readonly alpha?: number | undefined
  }[]
  /** Paths in the model of the biases that it trains: of its layers, or of the whole model. */
  readonly biases: readonly string[]
  readonly bias?: 'all' | undefined
  /** Modules of the model that are trained and kept whole with it, and the paths of their parameters. */
  readonly saved?: readonly { readonly module: string; readonly paths: readonly string[] }[] | undefined
}

/** The parameters of the model that an adapter trains and is kept with. */
export const trainedBeside = ({ biases, saved = [] }: AdapterSpec): ReadonlySet<string> =>
  new Set([...biases, ...saved.flatMap(({ paths }) => paths)])
