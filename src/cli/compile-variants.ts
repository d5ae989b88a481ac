import { compileAnalysed } from '../compiler/index.js'
import type { Analysis } from '../compiler/analyze.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import type { VariantSpec } from '../experiments/experiment.js'
import { compiledFolder } from '../experiments/frozen.js'
import { sameVariant } from '../diagnostics/catalogue/ablation.js'
import type { Span } from '../diagnostics/diagnostic.js'
import { differenceOf } from './difference.js'
import { printDiagnostics } from './print.js'
import { writeArtefact } from './write-artefact.js'

/** A variant whose analysis found no mistake. */
export interface AnalysedVariant {
  readonly label: string
  readonly row: string
  readonly span: Span
  readonly settings: ReadonlyMap<string, string>
  readonly analysis: Analysis
}

export interface CompiledVariants {
  readonly variants: readonly VariantSpec[]
  /** A line of the first that is worth editing, with its place. */
  readonly hint: string | null
}

/** Compiles variants one after the other; `take` gets each artefact. */
export function compileVariants(
  analysed: readonly AnalysedVariant[],
  weights: Manifest['weights'],
  take: (label: string, artefact: Artefact) => void,
): CompiledVariants {
  const hints: string[] = []
  const known = new Map<string, string>()
  const variants = analysed.map(({ label, row, span, settings, analysis }): VariantSpec => {
    const { artefact } = compileAnalysed(analysis)
    if (!artefact) throw new Error(`${label} was analysed without a mistake but does not compile`)
    const { manifest, files } = artefact
    if (manifest.edit_hint) hints.push(`${manifest.edit_hint.at}  ${manifest.edit_hint.text}`)
    const work = workOf(manifest)
    const same = known.get(work)
    if (same !== undefined)
      printDiagnostics(
        [sameVariant(span, { label, other: same })],
        new Map([...analysis.program.files].map(([path, { text }]) => [path, text])),
      )
    known.set(work, same ?? label)
    take(label, { files, manifest: { ...manifest, weights } })
    return {
      label,
      row,
      pipeline: manifest.pipeline,
      settings: Object.fromEntries(settings),
      hash: manifest.hash,
      difference: differenceOf(analysis, analysed[0]?.analysis),
    }
  })
  return { variants, hint: hints[0] ?? null }
}

/** What its stages train and its evaluations compute, whatever names lead there. */
const workOf = ({ stages, files }: Manifest): string =>
  JSON.stringify([stages.map(({ hash }) => hash), Object.values(files).sort()])

/** Writes an artefact where the runs of an experiment look for it. */
export const intoFolder =
  (directory: string) =>
  (label: string, artefact: Artefact): void =>
    writeArtefact(artefact, compiledFolder(directory, label))
