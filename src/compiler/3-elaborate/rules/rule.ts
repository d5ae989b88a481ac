import type { Diagnostics } from '../../../diagnostics/diagnostic.js'
import type { FlatPipeline } from '../../2-resolve/flatten.js'
import type { Program } from '../../2-resolve/program.js'
import type { Statics } from '../statics.js'

export interface RuleInput {
  readonly program: Program
  readonly pipeline: FlatPipeline
  readonly statics: Statics
}

/** One thing that must not be silent, in one file of this folder. */
export type Rule = (input: RuleInput, diagnostics: Diagnostics) => void
