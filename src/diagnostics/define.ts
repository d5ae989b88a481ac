import type { Diagnostic, Fix, Label, Severity, Span } from './diagnostic.js'

/** The words of one occurrence of a diagnostic. */
export interface Wording {
  readonly message: string
  readonly labels?: readonly Label[]
  readonly why?: string | undefined
  readonly help?: string | undefined
  readonly fix?: Fix | undefined
}

/** A kind of diagnostic: calling it builds one occurrence; `page` is what `dcrc explain` prints. */
export interface DiagnosticKind<P> {
  (span: Span, parameters: P): Diagnostic
  readonly code: string
  readonly severity: Severity
  readonly page: string
}

/**
 * Defines one diagnostic code. `page` is Markdown: what the code means, a wrong example, a right one.
 * All kinds live in `src/diagnostics/catalogue/`, one file per phase.
 */
export function define<P>(
  code: string,
  severity: Severity,
  page: string,
  word: (parameters: P, span: Span) => Wording,
): DiagnosticKind<P> {
  const build = (span: Span, parameters: P): Diagnostic => {
    const { message, labels = [], why, help, fix } = word(parameters, span)
    return {
      code,
      severity,
      message,
      span,
      labels,
      ...(why === undefined ? {} : { why }),
      ...(help === undefined ? {} : { help }),
      ...(fix === undefined ? {} : { fix }),
    }
  }
  return Object.assign(build, { code, severity, page: page.trim() })
}

/** The fix for a slip in a name: what was probably meant, in its place. */
export const replacing = (span: Span, suggestion: string | undefined): Fix | undefined =>
  suggestion === undefined ? undefined : { span, text: suggestion }
