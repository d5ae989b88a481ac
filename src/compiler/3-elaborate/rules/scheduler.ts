import { otherSchedule, unreadableScheduler } from '../../../diagnostics/catalogue/config.js'
import type { Span } from '../../../diagnostics/diagnostic.js'
import { JsonProblem } from '../../../json/read.js'
import { readPythonJson } from '../../../json/python.js'
import type { NamedItem } from '../../2-resolve/flatten.js'
import { patternNames } from '../../1-parse/pattern-names.js'
import { Scheduler } from '../scheduler-file.js'
import type { Val } from '../values.js'
import type { Rule, RuleInput } from './rule.js'

/** No published scheduler comes near; a list of betas is the most. */
const largestFile = 1024 * 1024

/**
 * Warns where the pipeline's process of noise, or its `target`, is not that of the generator's scheduler. diffusers saves
 * a generator as the folder `unet` or `transformer` and the scheduler beside it.
 */
export const schedulerDiffers: Rule = (input, diagnostics) => {
  const { program, pipeline, statics } = input
  const told = new Set<string>()
  for (const { item, file } of pipeline.items.values()) {
    const from = item.kind === 'model' && item.from ? statics.fromPath(item, file) : null
    if (
      item.kind !== 'model' ||
      !item.from ||
      from === null ||
      !/(?:^|\/)(?:unet|transformer)\/?$/.test(from)
    )
      continue
    const found = program.folders?.read(from, '../scheduler/scheduler_config.json', largestFile)
    if (!found || found.kind === 'absent' || told.has(found.path)) continue
    told.add(found.path)
    const at = item.from.span
    if (found.kind === 'refused') {
      diagnostics.add(unreadableScheduler(at, { path: found.path, why: found.why }))
      continue
    }
    try {
      const scheduler = new Scheduler(found.path, readPythonJson(found.text))
      for (const d of differences(input, scheduler))
        diagnostics.add(otherSchedule(d.span, { ...d, model: item.name.text }))
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error
      diagnostics.add(unreadableScheduler(at, { path: found.path, why: error.message }))
    }
  }
}

interface Difference {
  readonly span: Span
  readonly name: string
  readonly is: string
  readonly other: string
  readonly there: Span
}

function* differences(input: RuleInput, scheduler: Scheduler): Generator<Difference> {
  const processes = valuesOf(input).flatMap(({ name, value, span }) => {
    const betas =
      value.kind === 'instance' && value.environment.hasOwn('betas')
        ? value.environment.get('betas')
        : undefined
    const numbers = betas?.kind === 'list' ? betas.items.map((b) => (b.kind === 'float' ? b.value : NaN)) : []
    return numbers.length > 0 ? [{ name, span, betas: numbers }] : []
  })
  const own = scheduler.betas
  const [first] = processes
  if (own && first && !processes.some(({ betas }) => same(betas, own)))
    yield {
      span: first.span,
      name: first.name,
      is: range(first.betas),
      other: range(own),
      there: scheduler.placeOf('beta_schedule'),
    }
  const { target: wanted } = scheduler
  for (const { name, value, span } of valuesOf(input))
    if (name === 'target' && value.kind === 'string' && wanted !== undefined && value.value !== wanted)
      yield {
        span,
        name,
        is: JSON.stringify(value.value),
        other: JSON.stringify(wanted),
        there: scheduler.placeOf('prediction_type'),
      }
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, k) => Math.abs(x - (b[k] ?? NaN)) <= 1e-5 * Math.abs(x))

const range = (betas: readonly number[]): string =>
  `${betas.length} betas from ${short(betas[0])} to ${short(betas.at(-1))}`
const short = (x = NaN): string => String(Number(x.toPrecision(4)))

/** What params and `let` of the pipeline hold. */
function valuesOf({ pipeline, statics }: RuleInput): readonly { name: string; value: Val; span: Span }[] {
  const { elaboration } = statics.scope
  return [...pipeline.items.values()].flatMap(({ item, file }) =>
    namesOf(item).flatMap(({ text, span }) => {
      const environment = statics.scope.environment(file)
      const value = elaboration.during(statics.anyFacts, () => environment.get(text))
      return value ? [{ name: text, value, span }] : []
    }),
  )
}

function namesOf(item: NamedItem): readonly { readonly text: string; readonly span: Span }[] {
  if (item.kind === 'param') return [item.name]
  return item.kind === 'let' ? patternNames(item.pattern) : []
}
