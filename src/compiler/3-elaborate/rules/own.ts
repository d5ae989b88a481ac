import type { Span } from '../../../diagnostics/diagnostic.js'
import { allClauses } from '../../2-resolve/flat-stage.js'
import type { Subjects } from '../text-uses.js'
import type { RuleInput } from './rule.js'

export const contains = (outer: Span, inner: Span): boolean =>
  outer.file === inner.file && outer.start <= inner.start && inner.end <= outer.end

/** Whether something stands in the pipeline itself: in a declaration or clause that it does not inherit. */
function ofPipeline({ pipeline }: RuleInput): (span: Span) => boolean {
  const items = [...new Set(pipeline.items.values())].filter(({ inherited }) => !inherited)
  const clauses = pipeline.stages.flatMap((stage) =>
    allClauses(stage).filter(({ inherited }) => !stage.inherited && inherited !== true),
  )
  const nexts = [...pipeline.nexts.values()].filter(({ inherited }) => !inherited)
  const spans = [
    ...[...items, ...nexts].map(({ item }) => item.span),
    ...clauses.map(({ clause }) => clause.span),
  ]
  return (inner) => spans.some((span) => contains(span, inner))
}

/** The functions, modules, records and values of the entry file, which all of its pipelines share. */
const shared = ({ program }: RuleInput): readonly Span[] =>
  (program.files.get(program.entry)?.declarations ?? [])
    .filter((d) => d.kind !== 'pipeline' && d.kind !== 'ablation')
    .map((d) => d.span)

/** Whether something may be changed where a pipeline is written: it is not inherited and of no other file. */
export function isOwn(input: RuleInput): (span: Span) => boolean {
  const inPipeline = ofPipeline(input)
  const others = shared(input)
  return (inner) => inPipeline(inner) || others.some((span) => contains(span, inner))
}

/**
 * Whether what a question was asked of is all that it will ever be asked of. Another pipeline may give more to a
 * function that both call, and what is inherited was written for the types of the base.
 */
export function isAskedOfNoMore(input: RuleInput): (question: Span, subjects: Subjects) => boolean {
  const { program } = input
  const inPipeline = ofPipeline(input)
  const others = shared(input)
  const users = (program.files.get(program.entry)?.declarations ?? []).filter(
    (d) => d.kind === 'pipeline' || d.kind === 'ablation',
  )
  return (question, { choices }) => {
    const around = others.find((span) => contains(span, question))
    if (!around) return inPipeline(question)
    return users.length === 1 || [...choices.keys()].every((type) => contains(around, type.span))
  }
}
