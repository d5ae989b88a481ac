import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { compile, plan as planPipeline } from '../compiler/index.js'
import { stageStore } from '../cache.js'
import type { Artefact } from '../artefact/manifest.js'
import { absentModel } from '../diagnostics/catalogue/config.js'
import { compiledSettings, notCompiled } from '../diagnostics/catalogue/file.js'
import { engineOfPipeline } from '../diagnostics/catalogue/experiment.js'
import { missingFiles } from '../diagnostics/catalogue/run.js'
import { type Diagnostic, UserError } from '../diagnostics/diagnostic.js'
import { type Needs, needs } from '../compiler/needs.js'
import { writeWhole } from '../durable.js'
import { loadArtefact } from '../runtime/artefact.js'
import { measureMachine } from '../runtime/machine.js'
import type { ExecutorName } from '../runtime/executors/names.js'
import { profileFile, sealedProfile } from '../report/profile.js'
import { readProfile } from '../runtime/profile.js'
import type { RunEvent } from '../runtime/events.js'
import type { RunOptions, RunResult } from '../runtime/options.js'
import { Screen } from '../runtime/screen.js'
import { StageStore } from '../runtime/store/stage-store.js'
import { experimentFile } from '../experiments/frozen.js'
import type { EngineName } from '../experiments/engines/registry.js'
import { ablationOf, runAblation, runCompiledAblation } from './ablation.js'
import { type CompilingOptions, asked, wordsOf } from './compiling-options.js'
import { exitCodes } from './exit-codes.js'
import { withInterrupt } from './interrupt.js'
import { lastCompiled } from './last-compiled.js'
import { type Missing, findMissing } from './missing.js'
import { describeMissing, describePrediction } from './missing-report.js'
import { profileReport } from './profile-report.js'
import { commandLine, printDiagnostics } from './print.js'
import { showRun } from './show-run.js'
import { type Target, findTarget } from './target.js'

export interface RunCommand extends CompilingOptions {
  readonly runDir?: string
  readonly resume: boolean
  readonly steps?: number
  readonly stage?: string
  readonly seed?: number
  readonly badSamples?: number
  readonly profile?: boolean
  readonly executor?: ExecutorName
  readonly weights?: 'random'
  /** How many runs of an ablation go on at the same time, who runs them, and what they ask a cluster for. */
  readonly jobs?: number
  readonly on?: EngineName
  readonly resources?: string
  /** Core-hours. */
  readonly budget?: number
}

/** What is run: the folder of a compiled pipeline, or a pipeline to compile. */
type Source = { readonly folder: string } | { readonly target: Target }

/** `dcrc run`: compiles when given a source, then trains, evaluates and exports. */
export async function run(name: string | undefined, options: RunCommand): Promise<number> {
  const { resume, runDir, steps, stage, seed, weights, badSamples, executor } = options
  const source = findSource(name, options)
  if ('folder' in source && existsSync(join(source.folder, experimentFile)))
    return runCompiledAblation(source.folder, options)
  const ablation = 'target' in source ? ablationOf(source.target) : undefined
  if ('target' in source && ablation !== undefined) return runAblation(source.target, ablation, options)
  checkOptions(name, source, options)
  const needed = options.weights === 'random' || resume ? undefined : neededFiles(source, options)
  const missing = needed && (await findMissing(needed, process.cwd()))
  if (missing) return reportMissing(needed.pipeline, missing, source, options)
  const runnable = 'folder' in source ? source.folder : compileTarget(source.target, options)
  if (runnable === undefined) return exitCodes.userError
  const runOptions: RunOptions = {
    resume,
    profile: options.profile === true,
    // what is to be profiled must be computed
    ...(options.profile === true ? {} : { store: new StageStore(stageStore(process.cwd())) }),
    file: 'folder' in source ? source.folder : source.target.entry,
    ...('target' in source ? { texts: source.target.files.texts } : {}),
    ...(runDir === undefined ? {} : { runDir }),
    ...(steps === undefined ? {} : { steps }),
    ...(stage === undefined ? {} : { stage }),
    ...(seed === undefined ? {} : { seed }),
    ...(weights === undefined ? {} : { weights }),
    ...(executor === undefined ? {} : { executor }),
    ...(badSamples === undefined ? {} : { badShare: badSamples }),
  }
  const screen = new Screen(process.stderr)
  let taken = 0
  const onEvent = (event: RunEvent): void => void (event.kind === 'step' && taken++)
  const result = await withInterrupt(screen, ({ signal }, saveRequests) =>
    showRun(runnable, { ...runOptions, signal, saveRequests, onEvent }, screen),
  )
  if (options.profile && result.directory !== null) await reportProfile(runnable, result.directory, taken)
  return reportResult(result, source, options)
}

/** Options that are about several runs would be passed over in silence. */
function checkOptions(name: string | undefined, source: Source, options: RunCommand): void {
  const option = (['on', 'resources', 'jobs', 'budget'] as const).find((o) => options[o] !== undefined)
  const file = 'folder' in source ? source.folder : source.target.entry
  if (option !== undefined)
    throw new UserError(engineOfPipeline(at(file), { name: name ?? file, option: `--${option}` }))
}

/** What `dcrc compile` leaves in a folder: of a pipeline, and of an ablation. */
const compiledFiles = ['manifest.json', experimentFile]

/** What each line of the source took. */
async function reportProfile(runnable: string | Artefact, directory: string, steps: number): Promise<void> {
  const { manifest } = typeof runnable === 'string' ? loadArtefact(runnable) : runnable
  const rows = readProfile(directory, manifest)
  if (rows.length === 0 || steps === 0) return
  const { flopsPerSecond } = await measureMachine()
  const profile = { steps, flopsPerSecond, rows }
  writeWhole(join(directory, profileFile), sealedProfile(profile))
  process.stderr.write(`\n${profileReport(profile, process.stderr.columns ?? 120)}\n\n`)
}

/** A compiled folder, a pipeline of a file; without a name what was compiled last, unless its source is newer. */
function findSource(name: string | undefined, options: RunCommand): Source {
  const [option] = wordsOf(options)
  if (name !== undefined) {
    if (compiledFiles.some((file) => existsSync(join(name, file)))) {
      if (option !== undefined) throw new UserError(compiledSettings(at(name), { path: name, option }))
      return { folder: name }
    }
    if (statSync(name, { throwIfNoEntry: false })?.isDirectory())
      throw new UserError(notCompiled(at(name), { path: name }))
    return { target: findTarget(name) }
  }
  const last = option === undefined ? lastCompiled() : undefined
  if (!last) return { target: findTarget(undefined) }
  if (last.changed === undefined) {
    process.stderr.write(`what was compiled last: ${last.folder}\n`)
    return last
  }
  process.stderr.write(`${last.changed} changed after ${last.folder} was compiled: compiling again\n`)
  return { target: findTarget(last.entry) }
}

/** A run tells itself what is missing. */
const untold = ({ code }: Diagnostic): boolean => code !== absentModel.code

const at = (file: string) => ({ file, start: 0, end: 0 })

function compileTarget(target: Target, options: RunCommand): Artefact | undefined {
  const { diagnostics, artefact } = compile({ ...target, ...asked(options), seed: options.seed ?? 0 })
  printDiagnostics(diagnostics.filter(untold), target.files.texts)
  return artefact
}

/** What the run reads from files, as far as it is known before compiling; undefined where nothing is looked for. */
function neededFiles(
  source: Source,
  options: RunCommand,
): Pick<Needs, 'models' | 'data' | 'pipeline'> | undefined {
  if ('target' in source) return needs({ ...source.target, ...asked(options) })
  const { manifest } = loadArtefact(source.folder)
  return manifest.weights === 'random' ? undefined : manifest
}

/** Lists what is not there at once, then what a run would take, which needs the whole pipeline to be planned. */
async function reportMissing(
  pipeline: string,
  missing: Missing,
  source: Source,
  options: RunCommand,
): Promise<number> {
  const [name, file] =
    'folder' in source ? [source.folder, source.folder] : [nameOf(source.target), source.target.entry]
  process.stderr.write(`${describeMissing(missing)}\n\n`)
  printDiagnostics([
    missingFiles(at(file), {
      pipeline,
      weights: missing.weights.flatMap(({ models }) => models),
      data: missing.data.flatMap(({ data }) => data),
      command: commandLine([
        'npx',
        'dcrc',
        'run',
        name,
        ...wordsOf(options),
        '--weights',
        'random',
        '--steps',
        '2',
      ]),
    }),
  ])
  if ('folder' in source) return exitCodes.userError
  process.stderr.write('\nplanning time and memory (Ctrl-C to end)\n')
  const { diagnostics, plan } = planPipeline({ ...source.target, ...asked(options) })
  printDiagnostics(diagnostics.filter(untold), source.target.files.texts)
  if (plan) process.stderr.write(`${describePrediction(plan.stages, await measureMachine())}\n`)
  return exitCodes.userError
}

function reportResult(result: RunResult, source: Source, options: RunCommand): number {
  switch (result.status) {
    case 'done':
      process.stdout.write(`${result.directory}\n`)
      return exitCodes.done
    case 'stopped':
      process.stderr.write(`go on with: ${resumeCommand(result.directory, source, options)}\n`)
      return exitCodes.interrupted
    case 'failed':
      return exitCodes.userError
  }
}

/** The command that continues a run: a resumed run must begin with the same settings. */
function resumeCommand(directory: string, source: Source, options: RunCommand): string {
  const { seed, steps, stage } = options
  return commandLine([
    'dcrc',
    'run',
    'folder' in source ? source.folder : nameOf(source.target),
    '--resume',
    '--run-dir',
    directory,
    ...(seed === undefined ? [] : ['--seed', `${seed}`]),
    ...wordsOf(options),
    ...(steps === undefined ? [] : ['--steps', `${steps}`]),
    ...(stage === undefined ? [] : ['--stage', stage]),
  ])
}

const nameOf = ({ entry, pipeline }: Target): string =>
  pipeline === undefined ? entry : `${entry}#${pipeline}`
