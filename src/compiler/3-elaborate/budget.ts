import { tooLarge } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { Limit } from './fail.js'

/** Nearly twice what the largest pipeline of the library needs. */
const mostWork = 2_000_000

/** The work that one analysis may take, over all its stages and evaluations: no source keeps the compiler busy. */
export class Budget {
  private spent = 0
  private exhausted: Limit | undefined

  constructor(private readonly limit = mostWork) {}

  /** Counts evaluated expressions; what costs more than one counts as several. */
  spend(amount: number, span: Span): void {
    this.spent += amount
    if (this.spent <= this.limit) return
    // told once, where it showed first
    this.exhausted ??= new Limit(tooLarge(span, { what: 'this program' }))
    throw this.exhausted
  }
}
