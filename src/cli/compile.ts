import { join } from 'node:path'
import { compile as compilePipeline } from '../compiler/index.js'
import type { Artefact } from '../artefact/manifest.js'
import { ablationOf, compileAblation } from './ablation.js'
import { type CompilingOptions, asked } from './compiling-options.js'
import { exitCodes } from './exit-codes.js'
import { printDiagnostics } from './print.js'
import { findTarget } from './target.js'
import { bytes } from '../diagnostics/units.js'
import { writeArtefact } from './write-artefact.js'

export interface CompileOptions extends CompilingOptions {
  readonly out?: string
  readonly seed?: number
  readonly weights?: 'random'
}

/** `dcrc compile`: the graphs and the manifest, in a folder. */
export function compile(name: string | undefined, options: CompileOptions): number {
  const source = findTarget(name)
  const ablation = ablationOf(source)
  if (ablation !== undefined) return compileAblation(source, ablation, options)
  const { diagnostics, artefact: made } = compilePipeline({
    ...source,
    ...asked(options),
    seed: options.seed ?? 0,
  })
  printDiagnostics(diagnostics, source.files.texts)
  if (!made) return exitCodes.userError
  const artefact: Artefact = { ...made, manifest: { ...made.manifest, weights: options.weights ?? 'files' } }
  const folder = options.out ?? join('compiled', artefact.manifest.pipeline, artefact.manifest.target)
  writeArtefact(artefact, folder)
  const size = [...artefact.files.values()].reduce((sum, f) => sum + f.length, 0)
  process.stdout.write(
    `${artefact.manifest.pipeline}: ${artefact.files.size} graphs, ${bytes(size)}, in ${folder}\n`,
  )
  return exitCodes.done
}
