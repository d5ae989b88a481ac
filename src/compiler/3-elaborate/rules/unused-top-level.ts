import { unusedName } from '../../../diagnostics/catalogue/name.js'
import type { Declaration, Identifier } from '../../1-parse/syntax.js'
import { patternNames } from '../../1-parse/pattern-names.js'
import { mentions } from './mentions.js'
import type { Rule } from './rule.js'

/**
 * Warns of what stands at the top of a file that declares a pipeline and that nothing there mentions. A file without a
 * pipeline is a library: what it declares is for others.
 */
export const unusedTopLevel: Rule = ({ program }, diagnostics) => {
  const file = program.files.get(program.entry)
  if (!file?.declarations.some((d) => d.kind === 'pipeline')) return
  for (const declaration of file.declarations) {
    const names = namesOf(declaration)
    const [first] = names
    const used = names.some(({ text }) => mentions(file, text, 0, declaration.span))
    if (first && !used) {
      const { kind, span } = declaration
      diagnostics.add(unusedName(first.span, { kind, name: first.text, declaration: span }))
    }
  }
}

/** What a file names for its own use; pipelines and ablations are there to be run. */
function namesOf(d: Declaration): readonly Identifier[] {
  if (d.kind === 'pipeline' || d.kind === 'ablation') return []
  return d.kind === 'let' ? patternNames(d.pattern) : [d.name]
}
