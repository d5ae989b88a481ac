import type { Span, UserError } from '../../diagnostics/diagnostic.js'
import type { Val } from './values.js'

/** Names in scope. A function call has one environment; blocks inside it share it, so `x = e` in an `if` is seen after it. */
export class Environment {
  private readonly names = new Map<string, Val>()
  /** Where a dimension name got its number, for messages; so of ints alone. */
  private origins: Map<string, Span> | undefined
  private absent: Set<string> | undefined
  /** Why names have no value that something was to give them. */
  private failures: Map<string, UserError> | undefined

  constructor(
    readonly parent?: Environment,
    /** Names that are evaluated on demand: declarations of a file or pipeline. */
    private readonly lazy?: (name: string) => Val | undefined,
    /** Names of files, pipelines and modules may get their values later; those of blocks are seen as they are. */
    private readonly bindsLate: boolean = lazy !== undefined,
  ) {}

  /** What a function that is declared here sees: a later rebinding in a block makes another value. */
  captured(): Environment {
    if (this.bindsLate) return new Environment(this)
    const copy = new Environment(this.parent?.captured())
    for (const [name, value] of this.names) copy.names.set(name, value)
    copy.origins = this.origins
    copy.absent = this.absent
    if (this.failures) copy.failures = new Map(this.failures)
    return copy
  }

  /** Throws where what was to give the name its value has failed. */
  get(name: string): Val | undefined {
    const own = this.names.get(name)
    if (own) return own
    const failure = this.failures?.get(name)
    if (failure) throw failure
    return this.lazy?.(name) ?? this.parent?.get(name)
  }

  /** The value of a name, if that needs no evaluation. */
  evaluated(name: string): Val | undefined {
    return this.names.get(name) ?? this.parent?.evaluated(name)
  }

  set(name: string, value: Val, origin?: Span): void {
    this.names.set(name, value)
    this.failures?.delete(name)
    if (origin && (value.kind === 'int' || this.origins?.has(name) === true))
      (this.origins ??= new Map()).set(name, origin)
  }

  /** Says that a name has no value, and why. */
  fail(name: string, failure: UserError): void {
    this.names.delete(name)
    ;(this.failures ??= new Map()).set(name, failure)
  }

  origin(name: string): Span | undefined {
    return this.origins?.get(name) ?? this.parent?.origin(name)
  }

  /** Says that a member of a module is not there in this instance. */
  setAbsent(name: string): void {
    ;(this.absent ??= new Set()).add(name)
  }

  isAbsent(name: string): boolean {
    return (this.absent?.has(name) ?? false) || (this.parent?.isAbsent(name) ?? false)
  }

  /** Whether this environment itself (not a parent) has the name. */
  hasOwn(name: string): boolean {
    return this.names.has(name) || this.failures?.has(name) === true
  }
}
