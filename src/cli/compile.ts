import { join } from 'node:path'
import { compile as compilePipeline } from '../compiler/index.js'
import type { Artefact } from '../artefact/manifest.js'
import { unknownTarget } from '../diagnostics/catalogue/target.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { exitCodes } from './exit-codes.js'
import { printDiagnostics } from './print.js'
import { findTarget } from './target.js'
import { bytes } from '../diagnostics/units.js'
import { targetNamed, targets } from '../targets/registry.js'
import type { Target } from '../targets/target.js'
import { writeArtefact } from './write-artefact.js'

export interface CompileOptions {
  readonly out?: string
  readonly seed: number
  readonly target?: string
  readonly weights?: 'random'
  readonly set: ReadonlyMap<string, string>
}

/** `dcrc compile`: the graphs and the manifest, in a folder. */
export function compile(name: string | undefined, options: CompileOptions): number {
  const source = findTarget(name)
  const { diagnostics, artefact: made } = compilePipeline({
    ...source,
    ...(options.target === undefined ? {} : { target: compileTarget(options.target) }),
    settings: options.set,
    seed: options.seed,
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

/** Throws UserError. */
function compileTarget(name: string): Target {
  const target = targetNamed(name)
  if (target) return target
  throw new UserError(unknownTarget({ file: '--target', start: 0, end: 0 }, { target: name, known: targets }))
}
