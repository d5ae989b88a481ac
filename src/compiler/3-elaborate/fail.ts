import { type Diagnostic, UserError } from '../../diagnostics/diagnostic.js'

/** Ends the evaluation of the value at hand. */
export function fail(diagnostic: Diagnostic): never {
  throw new UserError(diagnostic)
}
