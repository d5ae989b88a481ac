import { duplicateName } from '../../diagnostics/catalogue/name.js'
import { emptyAblation } from '../../diagnostics/catalogue/ablation.js'
import { notAPipeline } from '../../diagnostics/catalogue/pipeline.js'
import { Diagnostics, type Span } from '../../diagnostics/diagnostic.js'
import type { AblationDeclaration, Identifier, PipelineDeclaration, VariantEntry } from '../1-parse/syntax.js'
import { type FlatPipeline, flattenPipeline } from './flatten.js'
import type { Program } from './program.js'

/** A variant as it is written: a pipeline of its own. */
export interface Variant {
  readonly name: string
  readonly span: Span
  readonly pipeline: FlatPipeline
  /** Whether all that it changes is there to be changed. */
  readonly isSound: boolean
}

/** Where a diagnostic of a variant shows. */
export const within = (variant: string, ablation: string): string =>
  `variant \`${variant}\` of ablation \`${ablation}\``

/** The ablations that a file declares, in its order. */
export const ablationsOf = (program: Program, file: string): readonly AblationDeclaration[] =>
  (program.files.get(file)?.declarations ?? []).filter((d): d is AblationDeclaration => d.kind === 'ablation')

/** The variants of an ablation of `file`; one without any has the pipeline itself, under its name. */
export function variantsOf(
  program: Program,
  ablation: AblationDeclaration,
  file: string,
  diagnostics: Diagnostics,
): readonly Variant[] {
  const { entries, name } = ablation
  const base = pipelineNamed(program, ablation.of, file, diagnostics)
  if (!base) return []
  const written = entries.filter((entry): entry is VariantEntry => entry.kind === 'variant')
  if (written.length === 0) {
    const varies = entries.some((entry) => entry.kind === 'vary' || entry.kind === 'seeds')
    if (!varies) diagnostics.add(emptyAblation(name.span, { name: name.text }))
    const pipeline = flattenPipeline(program, base.pipeline, base.file, diagnostics)
    return pipeline
      ? [{ name: pipeline.name, span: ablation.of.span, pipeline, isSound: !diagnostics.hasErrors }]
      : []
  }
  const first = new Map<string, Span>()
  return written.flatMap((variant): readonly Variant[] => {
    const { text, span } = variant.name
    const before = first.get(text)
    if (before) diagnostics.add(duplicateName(span, { name: text, first: before }))
    else first.set(text, span)
    const own = new Diagnostics()
    const pipeline = flattenVariant(program, variant, ablation.of, file, own)
    for (const d of own.all) diagnostics.add({ ...d, within: within(text, name.text) })
    return pipeline ? [{ name: text, span, pipeline, isSound: !own.hasErrors }] : []
  })
}

/** A variant is a pipeline that extends the ablation's, or another one as it is. */
function flattenVariant(
  program: Program,
  { change, name, span, of: other }: VariantEntry,
  of: Identifier,
  file: string,
  diagnostics: Diagnostics,
): FlatPipeline | undefined {
  if ('text' in change) {
    const named = pipelineNamed(program, change, file, diagnostics)
    return named && flattenPipeline(program, named.pipeline, named.file, diagnostics)
  }
  const pipeline: PipelineDeclaration = { kind: 'pipeline', name, extends: other ?? of, items: change, span }
  return flattenPipeline(program, pipeline, file, diagnostics)
}

function pipelineNamed(
  program: Program,
  { text: name, span }: Identifier,
  file: string,
  diagnostics: Diagnostics,
): { readonly pipeline: PipelineDeclaration; readonly file: string } | undefined {
  const found = program.scopes.get(file)?.get(name)
  if (found?.declaration.kind === 'pipeline') return { pipeline: found.declaration, file: found.file }
  diagnostics.add(notAPipeline(span, { name }))
  return undefined
}
