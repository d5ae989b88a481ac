/** A half-open range of UTF-16 offsets in one source file. */
export interface Span {
  readonly file: string
  readonly start: number
  readonly end: number
}

export type Severity = 'error' | 'warning'

export interface Label {
  readonly span: Span
  readonly message: string
}

/** Text to put in place of `span`; `dcrc check --fix` and editors apply it. */
export interface Fix {
  readonly span: Span
  readonly text: string
}

/** What a user is told: one line in their words, where, why it was expected, and what to do. */
export interface Diagnostic {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly span: Span
  readonly labels: readonly Label[]
  readonly why?: string
  readonly help?: string
  /** The stage whose training it is about; what the stage allows is not told. */
  readonly stage?: string
  /** The variants of an ablation in which it shows, where it does not show in the pipeline itself. */
  readonly within?: string
  readonly fix?: Fix
}

/** The phases append to this; all problems of a phase are reported together. */
export class Diagnostics {
  readonly all: Diagnostic[] = []
  hasErrors = false
  private readonly told = new Set<string>()

  /** Once, however often it is found. */
  add(diagnostic: Diagnostic): void {
    const { code, message, span, severity } = diagnostic
    const key = [code, span.start, span.file, message].join(' ')
    if (this.told.has(key)) return
    this.told.add(key)
    this.all.push(diagnostic)
    this.hasErrors ||= severity === 'error'
  }

  /** Sorts by place, files as they come: values are evaluated in another order than they are written. */
  inOrderOfPlaces(): void {
    const files = [...new Set(this.all.map(({ span }) => span.file))]
    this.all.sort(
      (a, b) => files.indexOf(a.span.file) - files.indexOf(b.span.file) || a.span.start - b.span.start,
    )
  }
}

/** Thrown to leave a nested evaluation at a user's mistake; caught where the phase can go on. */
export class UserError extends Error {
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.message)
  }
}
