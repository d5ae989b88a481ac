import type { DataSpec } from './data.js'
import type { EvaluationSpec } from './evaluations.js'
import type { ExportSpec } from './exports.js'
import type { Settings } from './json.js'
import type { manifestFormat, manifestVersion } from './manifest-version.js'
import type { AdapterSpec, ModelSpec } from './models.js'
import type { StageSpec } from './stages.js'

/**
 * `manifest.json`: everything a runner needs beside the ONNX files. Nothing of a run and no absolute path stands in it.
 */
export interface Manifest {
  readonly format: typeof manifestFormat
  readonly version: typeof manifestVersion
  readonly compiler: string
  readonly pipeline: string
  readonly target: string
  readonly hash: string
  readonly seed: number
  /** Where the weights and data come from whose files are not there when a run starts: `files`: nowhere, it is an error. */
  readonly weights: 'files' | 'random'
  /** Pipeline parameters as compiled. */
  readonly params: Settings
  /** Models, and adapters that a stage trains. */
  readonly models: readonly ModelSpec[]
  readonly adapters: readonly AdapterSpec[]
  readonly data: readonly DataSpec[]
  readonly stages: readonly StageSpec[]
  readonly evaluations: readonly EvaluationSpec[]
  readonly exports: readonly ExportSpec[]
  /** SHA-256 of each file beside the manifest. */
  readonly files: Readonly<Record<string, string>>
  readonly source_map: SourceMap
  /** Warnings that the source silences, in one stage or in all, and why. */
  readonly allowed: readonly {
    readonly code: string
    readonly reason: string
    readonly stage: string | null
  }[]
  /** A line worth editing first, `file:line`, and its text. */
  readonly edit_hint: { readonly at: string; readonly text: string } | null
}

/**
 * Where nodes stand in the source: `places` are `file:line:column`, and each graph file has for its node `<op>_<k>` at k
 * the number of its place; -1 for what the compiler adds.
 */
export interface SourceMap {
  readonly places: readonly string[]
  /** The pipeline first. */
  readonly declared: readonly Declared[]
  readonly nodes: Readonly<Record<string, readonly number[]>>
}

/** Where a name is declared, `file:line:column`. */
export interface Declared {
  readonly name: string
  readonly place: string
}

/** What the compiler gives back: the manifest and the graphs, by file name. */
export interface Artefact {
  readonly manifest: Manifest
  readonly files: ReadonlyMap<string, Uint8Array>
}
