import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Analysis, analyze } from '../compiler/index.js'
import { samePipeline } from '../diagnostics/catalogue/file.js'
import { folderTaken } from '../diagnostics/catalogue/run.js'
import { UserError } from '../diagnostics/diagnostic.js'
import type { EngineName } from '../experiments/engines/registry.js'
import { freeze } from '../experiments/frozen.js'
import { sourcesOf } from './ablation.js'
import { compileVariants, intoFolder } from './compile-variants.js'
import { type CompilingOptions, asked, wordsOf } from './compiling-options.js'
import { exitCodes } from './exit-codes.js'
import { frozenKeys, runExperiment } from './experiment.js'
import { commandLine, printDiagnostics } from './print.js'
import { type Target, findTarget } from './target.js'

export interface CompareOptions extends CompilingOptions {
  readonly out?: string
  readonly steps?: number
  /** How many pipelines run at the same time, who runs them, and what they ask a cluster for. */
  readonly jobs?: number
  readonly on?: EngineName
  readonly resources?: string
  /** Core-hours. */
  readonly budget?: number
  readonly seed: number
}

interface Analysed {
  readonly target: Target
  readonly analysis: Analysis
  readonly name: string
}

/** `dcrc compare`: an ablation without a name, whose variants are pipelines; one table and one report about them. */
export async function compare(names: readonly string[], options: CompareOptions): Promise<number> {
  const pipelines = analyzeAll(names, options)
  if (!pipelines) return exitCodes.userError
  const out = options.out ?? freshFolder()
  checkNames(pipelines)
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new UserError(folderTaken({ file: out, start: 0, end: 0 }, { folder: out, resumable: false }))
  const command = commandOf(names, options)
  const variants = pipelines.map(({ analysis, name, target }) => ({
    label: name,
    row: name,
    span: { file: target.entry, start: 0, end: 0 },
    settings: new Map(),
    analysis,
  }))
  const draft = {
    ...compileVariants(variants, 'files', intoFolder(out)),
    name: null,
    seeds: [options.seed],
    steps: options.steps ?? null,
    primary: [],
    select: null,
    entry: null,
    command,
    sources: sourcesOf(pipelines.map(({ target }) => target)),
  }
  const frozen = freeze(out, { ...draft, stages: await frozenKeys(out, draft, process.cwd()) })
  return runExperiment(out, frozen, {
    jobs: options.jobs,
    on: options.on ?? 'local',
    resources: options.resources,
    budget: options.budget,
    root: process.cwd(),
    resume: commandLine(['npx', 'dcrc', 'run', out, '--resume', ...runningWords(options)]),
  })
}

const runningWords = ({ jobs, on, resources }: CompareOptions): readonly string[] => [
  ...(jobs === undefined ? [] : ['--jobs', `${jobs}`]),
  ...(on === undefined ? [] : ['--on', on]),
  ...(resources === undefined ? [] : ['--resources', resources]),
]

function commandOf(names: readonly string[], options: CompareOptions): string {
  return commandLine([
    'npx',
    'dcrc',
    'compare',
    ...names,
    '--seed',
    `${options.seed}`,
    ...(options.steps === undefined ? [] : ['--steps', `${options.steps}`]),
    ...runningWords(options),
    ...wordsOf(options),
  ])
}

/** Every pipeline is analysed before the first one runs: a mistake in the last shows at once. */
function analyzeAll(names: readonly string[], options: CompareOptions): readonly Analysed[] | undefined {
  const analysed: Analysed[] = []
  let failed = false
  for (const name of names) {
    const target = findTarget(name)
    const analysis = analyze({ ...target, ...asked(options), seed: options.seed })
    printDiagnostics(analysis.diagnostics, target.files.texts)
    if (analysis.lowered) analysed.push({ target, analysis, name: analysis.lowered.pipeline })
    else failed = true
  }
  return failed ? undefined : analysed
}

/** The names of pipelines become folders and rows. Throws UserError where two are equal. */
function checkNames(pipelines: readonly Analysed[]): void {
  const files = new Map<string, string>()
  for (const { target, name } of pipelines) {
    const other = files.get(name)
    if (other !== undefined) {
      const at = { file: target.entry, start: 0, end: 0 }
      throw new UserError(samePipeline(at, { name, files: [other, target.entry] }))
    }
    files.set(name, target.entry)
  }
}

function freshFolder(): string {
  for (let n = 1; ; n++) {
    const folder = join('runs', `compare-${n}`)
    if (!existsSync(folder)) return folder
  }
}
