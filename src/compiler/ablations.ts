import type { WatchedMetric } from '../artefact/stages.js'
import { badVaried, setAndVaried, setTwice } from '../diagnostics/catalogue/ablation.js'
import { absentModel } from '../diagnostics/catalogue/config.js'
import { severalPipelines } from '../diagnostics/catalogue/pipeline.js'
import { type Diagnostic, Diagnostics, type Span, UserError } from '../diagnostics/diagnostic.js'
import type { AblationDeclaration, MetricPath } from './1-parse/syntax.js'
import { type Program, loadProgram } from './2-resolve/program.js'
import { type Variant, ablationsOf, variantsOf, within } from './2-resolve/variants.js'
import { type SelectedValues, type Varied, ablationValues } from './3-elaborate/ablation-values.js'
import { metricOf } from './4-lower/validation.js'
import { type Analysis, type Request, analyzePipeline } from './analyze.js'
import { type Selection, checkSelection } from './selection.js'

/** More than these runs are a mistake. */
const maxRuns = 1000

/** One pipeline of an ablation, with the values of the params that the ablation varies. */
export interface AblationRun {
  readonly variant: string
  /** Where it is declared. */
  readonly span: Span
  /** As `--set` gives them. */
  readonly settings: ReadonlyMap<string, string>
  readonly analysis: Analysis
}

export interface Ablation {
  readonly name: string
  readonly runs: readonly AblationRun[]
  /** Of each run; empty where the source gives none. */
  readonly seeds: readonly number[]
  /** What it is about, as it says before it runs; all variants measure it. */
  readonly primary: readonly WatchedMetric[]
  /** How the value of a param, the last of each run's settings, is chosen; null: none is. */
  readonly select: Selection | null
}

export interface AblationAnalysis {
  readonly diagnostics: readonly Diagnostic[]
  readonly ablations: readonly Ablation[]
}

export interface ChosenAblation {
  readonly chosen: string | undefined
  /** Those that stand beside the pipelines of a file from which none is named. */
  readonly beside: readonly string[]
}

/**
 * The ablation that a request is about: the one that it names, or the only one of a file without a pipeline of its own.
 * Throws UserError where the file declares several, and no pipeline.
 */
export function chosenAblation({ entry, files, pipeline: name }: Request): ChosenAblation {
  const declared = loadProgram(entry, files, new Diagnostics()).files.get(entry)?.declarations ?? []
  const names = (kind: 'ablation' | 'pipeline'): readonly string[] =>
    declared.flatMap((d) => (d.kind === kind ? [d.name.text] : []))
  const [ablations, pipelines] = [names('ablation'), names('pipeline')]
  if (name !== undefined) return { chosen: ablations.find((ablation) => ablation === name), beside: [] }
  if (pipelines.length > 0) return { chosen: undefined, beside: ablations }
  if (ablations.length <= 1) return { chosen: ablations[0], beside: [] }
  throw new UserError(
    severalPipelines({ file: entry, start: 0, end: 0 }, { file: entry, known: ablations, what: 'ablations' }),
  )
}

/** Analyses every variant of one ablation of the entry file, with every value that it varies. */
export function analyzeAblation(
  request: Request,
  name: string,
): AblationAnalysis & { readonly program: Program } {
  const loading = new Diagnostics()
  const program = loadProgram(request.entry, request.files, loading)
  if (loading.hasErrors) return { diagnostics: loading.all, ablations: [], program }
  const { diagnostics, ablations } = analyzeAblations(program, request, [name])
  return { diagnostics: [...loading.all, ...diagnostics], ablations, program }
}

/** Analyses every variant of the ablations of the entry file, or those named, with every value that they vary. */
export function analyzeAblations(
  program: Program,
  request: Request,
  names?: readonly string[],
): AblationAnalysis {
  const diagnostics = new Diagnostics()
  const shown = new Shown()
  const wanted = ablationsOf(program, request.entry).filter(({ name }) => !names || names.includes(name.text))
  const ablations = wanted.flatMap((ablation): readonly Ablation[] => {
    const found = new Diagnostics()
    const variants = variantsOf(program, ablation, request.entry, found)
    const { varied, seeds, select } = ablationValues(program, ablation, variants, found)
    const count = varied.reduce(
      (n, { values }) => n * values.length,
      variants.length * Math.max(1, seeds.length, select?.seeds.length ?? 0),
    )
    if (count > maxRuns)
      found.add(
        badVaried(ablation.name.span, { message: `this would be ${count} runs, more than ${maxRuns}` }),
      )
    for (const { param } of varied)
      if (names && request.settings?.has(param.text))
        found.add(setAndVaried(param.span, { name: param.text }))
    for (const d of found.all) diagnostics.add(d)
    if (count > maxRuns) return []
    // what is wrong with one variant, or with the lists, does not hide what is wrong in the others
    const choices = found.hasErrors ? [new Map<string, string>()] : combinations(varied)
    const sound = variants.filter(({ isSound }) => isSound)
    const runs = sound.flatMap((variant) =>
      choices.map((settings) => {
        const all = new Map([...(request.settings ?? []), ...settings])
        const analysis = analyzePipeline(program, variant.pipeline, { ...request, settings: all })
        // what variants do not find is told when they run
        const told = analysis.diagnostics.filter((d) => d.code !== absentModel.code)
        shown.add(told, ablation, variant, settings)
        return { variant: variant.name, span: variant.span, settings, analysis }
      }),
    )
    if (found.hasErrors) return []
    const primary = primaryOf(ablation, runs, diagnostics)
    const selection = select && selectionOf(select, ablation, seeds, primary, runs, diagnostics)
    return [{ name: ablation.name.text, runs, seeds, primary, select: selection }]
  })
  return { diagnostics: [...diagnostics.all, ...shown.all()], ablations }
}

/** The metrics that an ablation is about; each variant must measure them all. */
function primaryOf(
  { entries, name }: AblationDeclaration,
  runs: readonly AblationRun[],
  diagnostics: Diagnostics,
): readonly WatchedMetric[] {
  const [entry, again] = entries.filter((one) => one.kind === 'primary')
  if (entry && again) diagnostics.add(setTwice(again.span, { what: '`primary`', first: entry.span }))
  const found = (entry?.metrics ?? []).flatMap((path) => metricIn(path, name.text, runs, diagnostics) ?? [])
  return [...new Map(found.map((metric) => [JSON.stringify(metric), metric])).values()]
}

/** How a value of a param is chosen, which each variant must measure; what chooses must not be what compares. */
function selectionOf(
  select: SelectedValues,
  { entries, name }: AblationDeclaration,
  seeds: readonly number[],
  metrics: readonly WatchedMetric[],
  runs: readonly AblationRun[],
  diagnostics: Diagnostics,
): Selection | null {
  const by = metricIn(select.entry.by, name.text, runs, diagnostics)
  if (!by) return null
  const primary = { entry: entries.find((one) => one.kind === 'primary'), metrics }
  const lowered = runs.flatMap(({ analysis }) => analysis.lowered ?? [])
  return checkSelection(select, by, seeds.length > 0 ? seeds : [0], primary, lowered, diagnostics)
}

/** A metric that every variant measures; of the first that does not it is told. */
function metricIn(
  path: MetricPath,
  ablation: string,
  runs: readonly AblationRun[],
  diagnostics: Diagnostics,
): WatchedMetric | undefined {
  let metric: WatchedMetric | undefined
  for (const { variant, analysis } of runs) {
    const evaluations = analysis.lowered?.evaluations
    if (!evaluations) continue
    try {
      metric = metricOf(path, evaluations, evaluations)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      diagnostics.add({ ...error.diagnostic, within: within(variant, ablation) })
      return undefined
    }
  }
  return metric
}

/** Every choice of one value for each param that is varied. */
function combinations(varied: readonly Varied[]): readonly ReadonlyMap<string, string>[] {
  return varied.reduce<readonly ReadonlyMap<string, string>[]>(
    (all, { param, values }) =>
      all.flatMap((settings) => values.map(({ text }) => new Map([...settings, [param.text, text]]))),
    [new Map()],
  )
}

/** What is told of the variants: each diagnostic once, with all the runs in which it shows. */
class Shown {
  private readonly found = new Map<string, { readonly diagnostic: Diagnostic; readonly places: string[] }>()

  add(
    diagnostics: readonly Diagnostic[],
    ablation: AblationDeclaration,
    variant: Variant,
    settings: ReadonlyMap<string, string>,
  ): void {
    const values = [...settings].map(([name, text]) => `, ${name} = ${text}`).join('')
    const place = `${within(variant.name, ablation.name.text)}${values}`
    for (const d of diagnostics) {
      const key = [d.code, d.span.start, d.span.file, d.message].join(' ')
      const same = this.found.get(key)
      if (same) same.places.push(place)
      else this.found.set(key, { diagnostic: d, places: [place] })
    }
  }

  all(): readonly Diagnostic[] {
    return [...this.found.values()].map(({ diagnostic, places }) => {
      const [first = '', ...others] = places
      return { ...diagnostic, within: others.length > 0 ? `${first}, and ${others.length} more` : first }
    })
  }
}
