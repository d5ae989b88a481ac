import { unusedName } from '../../../diagnostics/catalogue/name.js'
import type { SyntaxFile } from '../../1-parse/syntax.js'
import type { Rule } from './rule.js'

/** Warns of names that `use` brings into the entry file and nothing there mentions. */
export const unusedImports: Rule = ({ program }, diagnostics) => {
  const file = program.files.get(program.entry)
  if (!file) return
  for (const use of file.uses) {
    for (const { name, alias } of use.names) {
      const local = alias ?? name
      if (!mentions(file, local.text, use.span.end))
        diagnostics.add(unusedName(local.span, { kind: 'import', name: local.text }))
    }
  }
}

/** Whether a word stands in the file behind an offset, outside of comments. */
function mentions(file: SyntaxFile, word: string, from: number): boolean {
  const inComment = (at: number): boolean => file.comments.some((c) => c.span.start <= at && at < c.span.end)
  for (const match of file.text.slice(from).matchAll(new RegExp(`(?<![\\w.])${word}\\b`, 'g'))) {
    if (!inComment(from + match.index)) return true
  }
  return false
}
