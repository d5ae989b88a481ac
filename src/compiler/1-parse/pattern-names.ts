import type { Identifier, Pattern } from './syntax.js'

/** The names that a pattern binds, `_` among them. */
export function patternNames(pattern: Pattern): readonly Identifier[] {
  return pattern.kind === 'name-pattern' ? [pattern.name] : pattern.items.flatMap(patternNames)
}
