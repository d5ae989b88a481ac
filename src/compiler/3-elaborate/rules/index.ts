import { deadArms } from './dead-arms.js'
import { fewRowsAtATime } from './few-rows.js'
import { idlePipelines } from './idle-pipeline.js'
import { overlappingParts } from './overlapping-parts.js'
import type { Rule } from './rule.js'
import { schedulerDiffers } from './scheduler.js'
import { unhandledTexts } from './unhandled-texts.js'
import { unusedDeclarations } from './unused-declarations.js'
import { unusedImports } from './unused-imports.js'
import { unusedTopLevel } from './unused-top-level.js'

/** All rules, in the order of their reports. */
export const rules: readonly Rule[] = [
  idlePipelines,
  deadArms,
  unhandledTexts,
  unusedDeclarations,
  unusedTopLevel,
  unusedImports,
  fewRowsAtATime,
  overlappingParts,
  schedulerDiffers,
]
