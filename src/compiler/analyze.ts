import { absentModel } from '../diagnostics/catalogue/config.js'
import { type Diagnostic, Diagnostics } from '../diagnostics/diagnostic.js'
import { type FlatPipeline, flatten } from './2-resolve/flatten.js'
import { checkNames } from './2-resolve/check-names.js'
import { locator } from './2-resolve/locator.js'
import { type Files, type Program, loadProgram } from './2-resolve/program.js'
import { type CheckedPipeline, checkStatics, checkValues } from './3-elaborate/check.js'
import { checkAllowed, withoutAllowed } from './2-resolve/allowed.js'
import { checkUnreached } from './3-elaborate/made-up/check.js'
import { builtins } from './3-elaborate/builtins.js'
import { lower } from './4-lower/lower.js'
import { partsOf } from './4-lower/lowered.js'
import type { Lowered } from './4-lower/lowered.js'
import { exactProblems } from './passes/accumulate-exact/problems.js'
import { defaultTarget } from '../targets/registry.js'
import type { Target } from '../targets/target.js'
import { unrunnable } from './unrunnable.js'
import { chunkProblems } from './passes/chunk-pairs/problems.js'
import { gradientProblems, updateProblems } from './6-differentiate/problems.js'

/** What is asked of the compiler. */
export interface Request {
  /** The entry file, as `files` knows it. */
  readonly entry: string
  /** One pipeline of a file that holds several. */
  readonly pipeline?: string
  readonly files: Files
  /** `--set name=value`, unparsed. */
  readonly settings?: ReadonlyMap<string, string>
  readonly seed?: number
  /** What is compiled for; the processor when absent. */
  readonly target?: Target
}

/** What the phases up to lowering found; `lowered` is there when nothing is wrong. */
export interface Analysis {
  readonly diagnostics: readonly Diagnostic[]
  readonly target: Target
  readonly program: Program
  readonly pipeline?: FlatPipeline
  /** What its values were evaluated in, where the phases came as far. */
  readonly checked?: CheckedPipeline
  readonly lowered?: Lowered
}

/** Phases 1 to 4, and all that phases 5 to 8 would complain about. A phase that finds errors reports all of them. */
export function analyze(request: Request): Analysis {
  const diagnostics = new Diagnostics()
  const program = loadProgram(request.entry, request.files, diagnostics)
  return withUnreached(analyzeProgram(program, request, diagnostics))
}

/** With what is wrong in code that the pipeline does not reach. */
function withUnreached(analysis: Analysis): Analysis {
  const { program, checked, lowered, ...rest } = analysis
  if (!checked) return analysis
  const diagnostics = new Diagnostics()
  for (const d of analysis.diagnostics) diagnostics.add(d)
  checkUnreached(program, [checked], diagnostics)
  const found = { ...rest, program, checked, diagnostics: diagnostics.all }
  return lowered && !diagnostics.hasErrors ? { ...found, lowered } : found
}

/** The same of a program that is loaded already; what was found on the way there is in `diagnostics`. */
export function analyzeProgram(program: Program, request: Request, diagnostics: Diagnostics): Analysis {
  const pipeline = diagnostics.hasErrors ? undefined : flatten(program, request.pipeline, diagnostics)
  if (!pipeline) return { diagnostics: diagnostics.all, target: request.target ?? defaultTarget, program }
  return analyzePipeline(program, pipeline, request, diagnostics)
}

/** The same of a pipeline that is flat already; what was found on the way there is in `diagnostics`. */
export function analyzePipeline(
  program: Program,
  pipeline: FlatPipeline,
  request: Pick<Request, 'settings' | 'seed' | 'target'>,
  diagnostics = new Diagnostics(),
): Analysis {
  const { target = defaultTarget } = request
  let checked: CheckedPipeline | undefined
  const done = (lowered?: Lowered): Analysis => ({
    diagnostics: withoutAllowed(pipeline, diagnostics.all, lowered !== undefined),
    target,
    program,
    pipeline,
    ...(checked ? { checked } : {}),
    ...(lowered ? { lowered } : {}),
  })
  checkAllowed(pipeline, diagnostics)
  checkNames(program, pipeline, builtins, diagnostics)
  if (diagnostics.hasErrors) return done()

  checked = checkStatics(program, pipeline, request.settings ?? new Map(), diagnostics)
  // Lowering evaluates most values; what it finds is told after what is wrong with the values by themselves, and its
  // warnings only where they are right.
  const found = new Diagnostics()
  const lowered = diagnostics.hasErrors
    ? undefined
    : lower(checked, request.seed ?? 0, found, locator(program))
  checkValues(program, checked, lowered !== undefined, diagnostics)
  const wrong = diagnostics.hasErrors
  for (const d of found.all) if (!wrong || d.severity === 'error') diagnostics.add(d)
  if (wrong) diagnostics.inOrderOfPlaces()
  if (diagnostics.hasErrors || !lowered) return done()

  for (const stage of lowered.stages) {
    for (const update of stage.updates)
      for (const d of [...updateProblems(update, target), ...chunkProblems(update), ...exactProblems(update)])
        diagnostics.add({ ...d, stage: stage.name })
  }
  for (const { graph } of lowered.evaluations.flatMap(partsOf))
    for (const d of gradientProblems(graph, target)) diagnostics.add(d)
  for (const d of absentModels(program, pipeline, lowered)) diagnostics.add(d)
  if (!diagnostics.hasErrors) for (const d of unrunnable(lowered, target)) diagnostics.add(d)
  return diagnostics.hasErrors ? done() : done(lowered)
}

/** Models whose files are not there, in one warning: all but running works without them. */
function absentModels({ folders }: Program, { span }: FlatPipeline, lowered: Lowered): readonly Diagnostic[] {
  const absent = lowered.models.filter(({ from }) => from !== null && folders?.exists(from) === false)
  const models = absent.map(({ name }) => name)
  return absent.length === 0 ? [] : [absentModel(span, { models, from: absent.flatMap((m) => m.from ?? []) })]
}
