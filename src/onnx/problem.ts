/** What keeps an ONNX file from being taken, in a user's words: one line per fault. */
export type OnnxFault = 'damaged' | 'unsupported' | 'external' | 'call'

/** Thrown by what reads and translates ONNX files; the caller adds code and span. */
export class OnnxProblem extends Error {
  constructor(
    readonly fault: OnnxFault,
    readonly lines: readonly string[],
    /** What to do, where it is not what the fault's page says. */
    readonly help?: string,
  ) {
    super(lines.join('; '))
  }
}

export const damaged = (line: string): never => {
  throw new OnnxProblem('damaged', [line])
}

export const unsupported = (line: string): never => {
  throw new OnnxProblem('unsupported', [line])
}

/** Runs every part and throws what they complain about together. */
export function together(parts: Iterable<() => void>): void {
  const problems: OnnxProblem[] = []
  for (const run of parts) {
    try {
      run()
    } catch (error) {
      if (!(error instanceof OnnxProblem)) throw error
      problems.push(error)
    }
  }
  const [first] = problems
  if (!first) return
  const alike = problems.filter((p) => p.fault === first.fault)
  throw new OnnxProblem(first.fault, [...new Set(alike.flatMap((p) => p.lines))])
}
