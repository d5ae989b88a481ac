import { idlePipelines } from './idle-pipeline.js'
import type { Rule } from './rule.js'
import { unusedDeclarations } from './unused-declarations.js'
import { unusedImports } from './unused-imports.js'

/** All rules, in the order of their reports. */
export const rules: readonly Rule[] = [idlePipelines, unusedDeclarations, unusedImports]
