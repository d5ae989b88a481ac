import { plan as planPipeline } from '../compiler/index.js'
import { ablationOption } from '../diagnostics/catalogue/ablation.js'
import { engineOfPipeline } from '../diagnostics/catalogue/experiment.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { ablationOf } from './ablation.js'
import { type CompilingOptions, asked } from './compiling-options.js'
import { exitCodes } from './exit-codes.js'
import { type FullPlan, type Section, describePlan } from './plan-report.js'
import { planAblation } from './plan-ablation.js'
import { fileConversions } from './plan-weights.js'
import { printDiagnostics } from './print.js'
import { findTarget } from './target.js'
import { columns, wrap } from '../diagnostics/wrap.js'

export interface PlanOptions extends CompilingOptions {
  readonly json: boolean
  readonly against?: string
  /** Core-hours. */
  readonly budget?: number
}

/** `dcrc plan`: what each stage trains and what a step of it costs; with `against` what differs from another plan. */
export async function plan(name: string | undefined, options: PlanOptions): Promise<number> {
  const { json, against } = options
  const target = findTarget(name)
  const ablation = ablationOf(target)
  if (ablation !== undefined) {
    if (against === undefined) return planAblation(target, ablation, options)
    throw new UserError(
      ablationOption({ file: target.entry, start: 0, end: 0 }, { name: ablation, option: '--against' }),
    )
  }
  if (options.budget !== undefined)
    throw new UserError(
      engineOfPipeline(
        { file: target.entry, start: 0, end: 0 },
        { name: name ?? target.entry, option: '--budget' },
      ),
    )
  const made = await planOf(name, options)
  const other = against === undefined ? undefined : await planOf(against, { ...options, set: new Map() })
  if (!made || (against !== undefined && !other)) return exitCodes.userError
  const sections = describePlan(made)
  const text = json
    ? JSON.stringify(made, null, 2)
    : (other ? differences(describePlan(other), sections) : sections)
        .map((s) => s.map((line) => wrap(line, columns(), 15)).join('\n'))
        .join('\n\n')
  process.stdout.write(`${text}\n`)
  return exitCodes.done
}

async function planOf(name: string | undefined, options: CompilingOptions): Promise<FullPlan | undefined> {
  const target = findTarget(name)
  const { diagnostics, plan: made, models = [] } = planPipeline({ ...target, ...asked(options) })
  printDiagnostics(diagnostics, target.files.texts)
  return made && { ...made, files: await fileConversions(models, target.files.root) }
}

/** Per part its heading and the lines that are gone (`-`) or new (`+`), a line with another value next to the old one. */
function differences(before: readonly Section[], after: readonly Section[]): readonly Section[] {
  const headOf = ([head = '']: Section): string => /^pipeline\b|^[^:]*/.exec(head)?.[0] ?? ''
  const heads = [...new Set([...before, ...after].map(headOf))]
  return heads.flatMap((head) => {
    const [old, now] = [before, after].map((sections) => sections.find((s) => headOf(s) === head) ?? [])
    if (!old || !now) return []
    const gone = old.filter((line) => !now.includes(line))
    const come = now.filter((line) => !old.includes(line))
    if (gone.length + come.length === 0) return [[`${head}: no difference`]]
    const labelOf = (line: string): string => /^ *\S*/.exec(line)?.[0] ?? ''
    const labels = [...new Set([...gone, ...come].map(labelOf))]
    const marked = (sign: string, lines: readonly string[], label: string): readonly string[] =>
      lines.filter((line) => labelOf(line) === label).map((line) => `${sign} ${line}`)
    return [[head, ...labels.flatMap((label) => [...marked('-', gone, label), ...marked('+', come, label)])]]
  })
}
