import type { Diagnostic } from './diagnostic.js'

/** Of one kind no more are shown: they are one mistake, made often. */
const most = 50

export interface Cut {
  readonly shown: readonly Diagnostic[]
  /** How many of a code are left out. */
  readonly left: ReadonlyMap<string, number>
}

/** The first diagnostics of each code, and how many more there are. */
export function cut(diagnostics: readonly Diagnostic[]): Cut {
  const counts = new Map<string, number>()
  const shown = diagnostics.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1
    counts.set(code, count)
    return count <= most
  })
  const left = [...counts].flatMap(([code, count]) => (count > most ? [[code, count - most] as const] : []))
  return { shown, left: new Map(left) }
}
