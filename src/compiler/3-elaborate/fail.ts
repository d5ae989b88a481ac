import { type Diagnostic, UserError } from '../../diagnostics/diagnostic.js'

/** A limit of the compiler is reached: nothing goes on behind it. */
export class Limit extends UserError {}

/**
 * Thrown where a made-up value is needed of which nothing is known: nothing is said of what needs it. The one there is
 * serves all, since no user sees it.
 */
export class Unknown extends Error {}
export const unknown = new Unknown('nothing is known of a made-up value')

/** Ends the evaluation of the value at hand. */
export function fail(diagnostic: Diagnostic): never {
  throw new UserError(diagnostic)
}

/** Ends the evaluation of all that is being evaluated. */
export function giveUp(diagnostic: Diagnostic): never {
  throw new Limit(diagnostic)
}
