import { type Diagnostic, UserError } from '../diagnostics/diagnostic.js'

/** What `run` gives, or the mistake of the user that ended it: one report among others. */
export function attempt<T>(run: () => T): T | { readonly problem: Diagnostic } {
  try {
    return run()
  } catch (error) {
    if (error instanceof UserError) return { problem: error.diagnostic }
    throw error
  }
}
