import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Ablation, analyzeAblation, chosenAblation } from '../compiler/ablations.js'
import type { Needs } from '../compiler/needs.js'
import { ablationOption, badSelection } from '../diagnostics/catalogue/ablation.js'
import { notAnArtefact } from '../diagnostics/catalogue/file.js'
import { nothingBegun } from '../diagnostics/catalogue/experiment.js'
import { folderTaken, missingFiles } from '../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { bytes } from '../diagnostics/units.js'
import { labelOf, plannedCells } from '../experiments/experiment.js'
import { isBegun, isOver, stateOf } from '../experiments/outcome.js'
import {
  type Draft,
  type Frozen,
  checkReads,
  checkSame,
  compiledFolder,
  freeze,
  thaw,
} from '../experiments/frozen.js'
import { shareFiles } from '../runtime/store/stage-store.js'
import { defaultTarget } from '../targets/registry.js'
import { type AnalysedVariant, compileVariants, intoFolder } from './compile-variants.js'
import { type CompilingOptions, asked, wordsOf } from './compiling-options.js'
import { exitCodes } from './exit-codes.js'
import type { CompileOptions } from './compile.js'
import { frozenKeys, runExperiment } from './experiment.js'
import { findMissing } from './missing.js'
import { describeMissing } from './missing-report.js'
import { commandLine, printDiagnostics } from './print.js'
import type { RunCommand } from './run.js'
import type { Target } from './target.js'
import { removeArtefact } from './write-artefact.js'

const at = (file: string): Span => ({ file, start: 0, end: 0 })

/** An ablation of a file, analysed without a mistake. */
export interface AnalysedAblation {
  readonly name: string
  readonly ablation: Ablation
  readonly variants: readonly AnalysedVariant[]
  readonly target: Target
}

/** The ablation that a command is about; of a file that declares a pipeline too, which goes first, it is only told. */
export function ablationOf(target: Target): string | undefined {
  const { chosen, beside } = chosenAblation(target)
  if (beside.length > 0) {
    const names = beside.map((name) => `${target.entry}#${name}`)
    process.stderr.write(
      `${target.entry} declares ${beside.length === 1 ? 'an ablation' : 'ablations'} too: ${names.join(', ')}\n`,
    )
  }
  return chosen
}

/** Analyses all variants of an ablation; what is wrong in any of them is told at once, and then nothing is given. */
export function analyseVariants(
  target: Target,
  name: string,
  options: CompilingOptions,
): AnalysedAblation | undefined {
  const { diagnostics, ablations } = analyzeAblation({ ...target, ...asked(options) }, name)
  printDiagnostics(diagnostics, target.files.texts)
  const [ablation] = ablations
  if (!ablation || diagnostics.some(({ severity }) => severity === 'error')) return undefined
  const alone = new Set(ablation.runs.map(({ variant }) => variant)).size === 1
  const variants = ablation.runs.map(({ variant, span, settings, analysis }) => {
    const compared = new Map([...settings].filter(([param]) => param !== ablation.select?.param))
    const label = labelOf(variant, settings, alone)
    return { label, row: labelOf(variant, compared, alone), span, settings, analysis }
  })
  return { name, ablation, variants, target }
}

/** What an ablation is, but for its compiled variants. */
export function draftOf(
  { name, ablation, target }: AnalysedAblation,
  { seed, steps }: { readonly seed?: number; readonly steps?: number },
  command: string,
): Omit<Draft, 'variants' | 'hint' | 'stages'> {
  const { select } = ablation
  if (seed !== undefined && select?.seeds.includes(seed))
    throw new UserError(
      badSelection(at(target.entry), {
        message: `--seed ${seed} would compare the variants by a seed that chooses \`${select.param}\``,
        help: `give a seed that is none of ${select.seeds.join(', ')}`,
      }),
    )
  return {
    name,
    seeds: seed !== undefined ? [seed] : ablation.seeds.length > 0 ? [...ablation.seeds] : [0],
    steps: steps ?? null,
    primary: ablation.primary.map(({ evaluation, case: of, metric }) => ({ evaluation, case: of, metric })),
    select: select && { ...select, seeds: [...select.seeds] },
    entry: `${target.entry}#${name}`,
    command,
    sources: sourcesOf([target]),
  }
}

/** The texts of all files that were read, but for the library, which is that of the compiler. */
export const sourcesOf = (targets: readonly Target[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    targets.flatMap(({ files }) => [...files.texts].filter(([path]) => !path.startsWith('std/'))),
  )

/** `dcrc compile` of an ablation: all its variants, and the file that says what it is, from which it can be run. */
export function compileAblation(target: Target, name: string, options: CompileOptions): number {
  const found = analyseVariants(target, name, options)
  if (!found) return exitCodes.userError
  const folder = options.out ?? join('compiled', name, options.target ?? defaultTarget.name)
  const before = thaw(folder)
  const others = existsSync(folder) && !before ? readdirSync(folder) : []
  if (others.length > 0) throw new UserError(notAnArtefact(at(folder), { path: folder, others }))
  const command = commandLine(['npx', 'dcrc', 'run', folder])
  let size = 0
  const write = intoFolder(folder)
  const compiled = compileVariants(found.variants, options.weights ?? 'files', (label, artefact) => {
    write(label, artefact)
    for (const graph of artefact.files.values()) size += graph.length
  })
  const labels = new Set(compiled.variants.map(({ label }) => label))
  for (const { label } of before?.variants ?? [])
    if (!labels.has(label)) removeArtefact(compiledFolder(folder, label))
  const { variants } = freeze(folder, { ...draftOf(found, options, command), ...compiled, stages: null })
  const runs = plannedCells({ ...draftOf(found, options, command), ...compiled }).length
  process.stdout.write(
    `${name}: ${variants.length} variants, ${runs} runs, ${bytes(size)} of graphs, in ${folder}\n`,
  )
  return exitCodes.done
}

/** `dcrc run` of an ablation: all variants with all seeds, and one table of them. */
export async function runAblation(target: Target, name: string, options: RunCommand): Promise<number> {
  checkOptions(options, name, target.entry)
  const found = analyseVariants(target, name, options)
  if (!found) return exitCodes.userError
  if (options.weights !== 'random' && (await reportMissing(found))) return exitCodes.userError
  const directory = folderFor(name, options)
  const command = commandOf(`${target.entry}#${name}`, options)
  const draft = draftOf(found, options, command)
  const before = thaw(directory)
  const take = before ? () => undefined : intoFolder(directory)
  const compiled = compileVariants(found.variants, options.weights ?? 'files', take)
  const frozen = before ?? (await begin(directory, { ...draft, ...compiled }, options))
  if (before) {
    checkSame(before, { ...draft, ...compiled }, directory, at(target.entry))
    await checkStillReads(directory, before, options, at(target.entry))
  }
  return go(directory, frozen, options, command)
}

/** `dcrc run` of the folder of a compiled ablation. */
export async function runCompiledAblation(folder: string, options: RunCommand): Promise<number> {
  const compiled = thaw(folder)
  if (!compiled) throw new Error(`${folder} holds no ablation`)
  const name = compiled.name ?? 'compare'
  checkOptions(options, name, folder)
  const { version: _version, versions: _versions, stages: _stages, created: _created, ...rest } = compiled
  const { seed, steps } = options
  const command = commandOf(folder, options)
  const draft = {
    ...rest,
    command,
    ...(seed === undefined ? {} : { seeds: [seed] }),
    ...(steps === undefined ? {} : { steps }),
  }
  // the folder of an ablation or comparison that was begun goes on where it is
  const here = options.resume && options.runDir === undefined && isBegun(folder)
  const directory = here ? folder : folderFor(name, options)
  const before = thaw(directory)
  if (before) {
    checkSame(before, draft, directory, at(folder))
    await checkStillReads(directory, before, options, at(folder))
  } else
    for (const { label } of rest.variants)
      shareFiles(compiledFolder(folder, label), compiledFolder(directory, label))
  return go(directory, before ?? (await begin(directory, draft, options)), options, command)
}

/** Freezes what begins, with the keys of its stages as its files are now. */
async function begin(
  directory: string,
  draft: Omit<Draft, 'stages'>,
  { weights }: Pick<RunCommand, 'weights'>,
): Promise<Frozen> {
  const stages = weights === 'random' ? null : await frozenKeys(directory, draft, process.cwd())
  return freeze(directory, { ...draft, stages })
}

/** That the runs which are left would train what they would have trained at the beginning. Throws UserError. */
async function checkStillReads(
  directory: string,
  before: Frozen,
  { weights }: Pick<RunCommand, 'weights'>,
  span: Span,
): Promise<void> {
  const left = plannedCells(before).filter((cell) => !isOver(stateOf(directory, cell)))
  if (left.length === 0 || before.stages === null || weights === 'random') return
  checkReads(before, left, await frozenKeys(directory, before, process.cwd()), directory, span)
}

function go(directory: string, frozen: Frozen, options: RunCommand, command: string): Promise<number> {
  return runExperiment(directory, frozen, {
    jobs: options.jobs,
    on: options.on ?? 'local',
    resources: options.resources,
    budget: options.budget,
    root: process.cwd(),
    ...(options.weights === undefined ? {} : { weights: options.weights }),
    ...(options.badSamples === undefined ? {} : { badShare: options.badSamples }),
    ...(options.executor === undefined ? {} : { executor: options.executor }),
    resume: `${command} --resume --run-dir ${commandLine([directory])}`,
  })
}

/** Options that are about one pipeline would be passed over in silence. */
function checkOptions({ stage, profile }: RunCommand, name: string, file: string): void {
  const option = stage !== undefined ? '--stage' : profile ? '--profile' : undefined
  if (option !== undefined) throw new UserError(ablationOption(at(file), { name, option }))
}

/** The folder of an ablation's runs: with `resume` one that was begun, else one that is not there. Throws UserError. */
function folderFor(name: string, { resume, runDir }: RunCommand): string {
  const runs = join('runs', name)
  if (resume) {
    const directory = runDir ?? latest(runs)
    if (directory !== undefined && thaw(directory)) return directory
    throw new UserError(nothingBegun(at(runDir ?? runs), { name, folder: runDir ?? runs }))
  }
  if (runDir === undefined) return fresh(runs)
  if (existsSync(runDir) && readdirSync(runDir).length > 0)
    throw new UserError(folderTaken(at(runDir), { folder: runDir, resumable: thaw(runDir) !== undefined }))
  return runDir
}

const fresh = (runs: string): string => {
  for (let n = 1; ; n++) if (!existsSync(join(runs, `${n}`))) return join(runs, `${n}`)
}

/** The newest folder that holds an ablation. */
function latest(runs: string): string | undefined {
  if (!existsSync(runs)) return undefined
  const numbers = readdirSync(runs)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return numbers
    .sort((a, b) => b - a)
    .map((n) => join(runs, `${n}`))
    .find((directory) => thaw(directory) !== undefined)
}

/** Lists what the variants read and is not there, each thing once; whether there was any. */
async function reportMissing({ name, variants, target }: AnalysedAblation): Promise<boolean> {
  const unique = <T extends { readonly name: string }>(
    all: readonly T[],
    key: (one: T) => unknown,
  ): readonly T[] => [...new Map(all.map((one) => [JSON.stringify([one.name, key(one)]), one])).values()]
  const lowered = variants.flatMap(({ analysis }) => analysis.lowered ?? [])
  const needs: Pick<Needs, 'models' | 'data'> = {
    models: unique(
      lowered.flatMap(({ models }) => models),
      ({ from }) => from,
    ),
    data: unique(
      lowered.flatMap(({ data }) => data),
      ({ parts }) => parts.map(({ rows }) => rows),
    ),
  }
  const missing = await findMissing(needs, target.files.root)
  if (!missing) return false
  process.stderr.write(`${describeMissing(missing)}\n\n`)
  const command = ['npx', 'dcrc', 'run', `${target.entry}#${name}`, '--weights', 'random', '--steps', '2']
  printDiagnostics([
    missingFiles(at(target.entry), {
      pipeline: name,
      weights: [...new Set(missing.weights.flatMap(({ models }) => models))],
      data: [...new Set(missing.data.flatMap(({ data }) => data))],
      command: commandLine(command),
    }),
  ])
  return true
}

function commandOf(what: string, options: RunCommand): string {
  const { seed, steps, jobs, weights, on, resources } = options
  return commandLine([
    'npx',
    'dcrc',
    'run',
    what,
    ...(seed === undefined ? [] : ['--seed', `${seed}`]),
    ...(steps === undefined ? [] : ['--steps', `${steps}`]),
    ...(jobs === undefined ? [] : ['--jobs', `${jobs}`]),
    ...(on === undefined ? [] : ['--on', on]),
    ...(resources === undefined ? [] : ['--resources', resources]),
    ...(weights === undefined ? [] : ['--weights', weights]),
    ...wordsOf(options),
  ])
}
