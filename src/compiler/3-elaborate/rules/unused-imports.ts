import { unusedName } from '../../../diagnostics/catalogue/name.js'
import type { Span } from '../../../diagnostics/diagnostic.js'
import type { Use } from '../../1-parse/syntax.js'
import { mentions } from './mentions.js'
import type { Rule } from './rule.js'

/** Warns of names that `use` brings into the entry file and nothing there mentions. */
export const unusedImports: Rule = ({ program }, diagnostics) => {
  const file = program.files.get(program.entry)
  if (!file) return
  for (const use of file.uses) {
    for (const [k, { name, alias }] of use.names.entries()) {
      const local = alias ?? name
      if (!mentions(file, local.text, use.span.end))
        diagnostics.add(
          unusedName(local.span, { kind: 'import', name: local.text, declaration: entry(use, k) }),
        )
    }
  }
}

/** A name of a `use` with the comma beside it; the whole `use` where it brings in nothing else. */
function entry({ names, span }: Use, k: number): Span {
  const [before, own, after] = [names[k - 1], names[k], names[k + 1]]
  const end = (name: Use['names'][number]): number => (name.alias ?? name.name).span.end
  if (own && after) return { ...span, start: own.name.span.start, end: after.name.span.start }
  if (own && before) return { ...span, start: end(before), end: end(own) }
  return span
}
