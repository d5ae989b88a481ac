import { unreadableRun } from '../diagnostics/catalogue/run.js'
import { entryOutside, unreadableData } from '../diagnostics/catalogue/run-data.js'
import { ambiguousWeights, corruptWeights, refusedWeights } from '../diagnostics/catalogue/run-weights.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { DataInvalid, DataMissing } from '../runtime/sources/dataset.js'
import { EntryOutside } from '../runtime/field-limits.js'
import { RunUnreadable } from '../report/run-unreadable.js'
import { WeightsError } from '../weights/weights-error.js'
import { memoryFault } from './memory-fault.js'
import { systemFault } from './system-fault.js'

export const nowhere: Span = { file: '', start: 0, end: 0 }

/**
 * What a user is told of an error whose cause lies with the disk, the files or the machine; undefined where the
 * program itself is at fault. The one place in which such errors become diagnostics, for all commands and threads.
 */
export function faultOf(error: unknown, span: Span = nowhere): Diagnostic | undefined {
  if (error instanceof UserError) return error.diagnostic
  if (error instanceof WeightsError) return weightsFaults[error.fault](span, error)
  if (error instanceof DataInvalid || error instanceof DataMissing)
    return unreadableData(span, { problem: error.message, help: error.help })
  if (error instanceof EntryOutside) return entryOutside(span, error.facts)
  if (error instanceof RunUnreadable) return unreadableRun(span, { problem: error.message, help: error.help })
  return systemFault(error) ?? memoryFault(error, span)
}

/** By what is wrong with a file of weights. */
export const weightsFaults = { damaged: corruptWeights, refused: refusedWeights, ambiguous: ambiguousWeights }
