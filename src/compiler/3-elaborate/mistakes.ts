import { type Diagnostic, Diagnostics, UserError } from '../../diagnostics/diagnostic.js'
import { isLibrary } from '../2-resolve/program.js'
import type { Environment } from './environment.js'
import { Limit, Unknown } from './fail.js'
import { unknownVal } from './values.js'

/** Why something has no value: a mistake, or that nothing is known of what was made up. */
export type Failure = UserError | Unknown

/**
 * The mistakes behind which evaluation went on. Something that fails leaves the names that it would have set failed:
 * whoever reads one fails for the same reason, so nothing is told that follows from a mistake.
 */
export class Mistakes {
  readonly told = new Diagnostics()
  /** How often something failed, also for a reason that was told already. */
  count = 0
  private latest: UserError | undefined
  private why: string | undefined

  constructor(
    /** What is not told otherwise. */
    private readonly isTold: (d: Diagnostic) => boolean = ({ span }) => !isLibrary(span.file),
  ) {}

  /** Why something is not there whose evaluation threw this; told. Throws what ends more than that. */
  failure(error: unknown): Failure {
    if (error instanceof Unknown) return error
    if (!(error instanceof UserError) || error instanceof Limit) throw error
    this.count++
    this.latest = error
    const { diagnostic } = error
    // what shows inside the library is told of the call that led there
    if (this.isTold(diagnostic))
      this.told.add(this.why === undefined ? diagnostic : { ...diagnostic, why: diagnostic.why ?? this.why })
    return error
  }

  /** Runs what sets names; where it fails they have no value, and evaluation goes on. */
  orFailed(environment: Environment, names: () => Iterable<string>, run: () => void): void {
    try {
      run()
    } catch (error) {
      const failure = this.failure(error)
      for (const name of names()) {
        if (failure instanceof Unknown) environment.set(name, unknownVal)
        else environment.fail(name, failure)
      }
    }
  }

  /** Parts that do not need each other: what is wrong with any of them is told, and the first ends the whole. */
  each<A, B>(parts: readonly A[], run: (part: A) => B): B[] {
    let first: Failure | undefined
    const results: B[] = []
    for (const part of parts) {
      try {
        results.push(run(part))
      } catch (error) {
        const failure = this.failure(error)
        first ??= failure
      }
    }
    if (first) throw first
    return results
  }

  /** Throws again why a part failed; what follows it is looked at for its mistakes alone. */
  behind(error: unknown, others: () => unknown): never {
    const first = this.failure(error)
    try {
      others()
    } catch (second) {
      this.failure(second)
    }
    throw first
  }

  /** One round of a loop; what is wrong in it would be wrong in the next ones too. */
  round(run: () => void): void {
    const { count } = this
    run()
    if (this.count > count && this.latest) throw this.latest
  }

  /** What is told meanwhile has this reason, where it has none of its own. */
  because<T>(why: string, run: () => T): T {
    const outer = this.why
    this.why = why
    try {
      return run()
    } catch (error) {
      if (!(error instanceof UserError) || error.diagnostic.why !== undefined) throw error
      throw new UserError({ ...error.diagnostic, why })
    } finally {
      this.why = outer
    }
  }
}
