import { type Diagnostic, UserError } from '../../diagnostics/diagnostic.js'

/** A limit of the compiler is reached: nothing goes on behind it. */
export class Limit extends UserError {}

/** Ends the evaluation of the value at hand. */
export function fail(diagnostic: Diagnostic): never {
  throw new UserError(diagnostic)
}

/** Ends the evaluation of all that is being evaluated. */
export function giveUp(diagnostic: Diagnostic): never {
  throw new Limit(diagnostic)
}
