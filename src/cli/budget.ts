import { overBudget } from '../diagnostics/catalogue/experiment.js'
import { UserError } from '../diagnostics/diagnostic.js'
import type { Cost } from '../experiments/cost.js'

/** Refuses an experiment that takes more core-hours than it may, or of which nobody knows. Throws UserError. */
export function checkBudget(cost: Cost | undefined, budget: number, file: string): void {
  const unknown = cost === undefined || cost.unknown > 0
  if (!unknown && cost.coreHours <= budget) return
  const span = { file, start: 0, end: 0 }
  throw new UserError(overBudget(span, { budget, coreHours: unknown ? undefined : cost.coreHours }))
}
