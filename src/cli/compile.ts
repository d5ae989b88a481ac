import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compile as compilePipeline } from '../compiler/index.js'
import type { Artefact } from '../artefact/manifest.js'
import { notAnArtefact } from '../diagnostics/catalogue/file.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { exitCodes } from './exit-codes.js'
import { printDiagnostics } from './print.js'
import { findTarget } from './target.js'
import { bytes } from '../diagnostics/units.js'

export interface CompileOptions {
  readonly out?: string
  readonly seed: number
  readonly weights?: 'random'
  readonly set: ReadonlyMap<string, string>
}

/** `dcrc compile`: the graphs and the manifest, in a folder. */
export function compile(name: string | undefined, options: CompileOptions): number {
  const target = findTarget(name)
  const { diagnostics, artefact: made } = compilePipeline({
    ...target,
    settings: options.set,
    seed: options.seed,
  })
  printDiagnostics(diagnostics, target.files.texts)
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

/** Writes beside the folder and swaps, so that a reader never sees half of it. Throws UserError. */
function writeArtefact(artefact: Artefact, folder: string): void {
  if (existsSync(folder) && !isReplaceable(folder))
    throw new UserError(notAnArtefact({ file: folder, start: 0, end: 0 }, { path: folder }))
  const beside = `${folder}.${process.pid}.tmp`
  rmSync(beside, { recursive: true, force: true })
  mkdirSync(beside, { recursive: true })
  for (const [file, bytes] of artefact.files) writeFileSync(join(beside, file), bytes)
  writeFileSync(join(beside, 'manifest.json'), `${JSON.stringify(artefact.manifest, null, 1)}\n`)
  mkdirSync(dirname(folder), { recursive: true })
  rmSync(folder, { recursive: true, force: true })
  renameSync(beside, folder)
}

/** An empty folder, or one with nothing but graphs and their manifest. */
function isReplaceable(folder: string): boolean {
  const names = statSync(folder).isDirectory() ? readdirSync(folder) : ['']
  const [graphs, rest] = [names.filter((n) => n.endsWith('.onnx')), names.filter((n) => !n.endsWith('.onnx'))]
  return names.length === 0 || (graphs.length > 0 && rest.every((n) => n === 'manifest.json'))
}
