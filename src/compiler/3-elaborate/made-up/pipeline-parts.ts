import type { Span } from '../../../diagnostics/diagnostic.js'
import type { Expression, FunctionDeclaration } from '../../1-parse/syntax.js'
import { allClauses } from '../../2-resolve/flat-stage.js'
import { clauseValues, itemValues } from '../../2-resolve/names/free.js'
import type { CheckedPipeline } from '../check.js'
import type { Elaboration } from '../elaboration.js'
import { Environment } from '../environment.js'
import { evaluateOrUnknown } from '../evaluate.js'
import { PipelineScope } from '../pipeline-scope.js'
import type { Statics } from '../statics.js'
import { unknownVal } from '../values.js'
import { chosenNames } from './chosen.js'
import { lookAtFunction, looked } from './function.js'
import { unreached, unreachedIn } from './unreached.js'

/** A function of a pipeline, or values that one of its declarations or clauses holds. */
export interface PipelinePart {
  readonly span: Span
  /** The statics of an evaluation of the pipeline, which tell what it sees. */
  readonly statics: Statics
  /** What of it was never evaluated. */
  readonly unreached: (reached: ReadonlySet<object>) => readonly Span[]
  /** Evaluates it, all arms of it, in a graph of its own. */
  readonly look: (x: Elaboration) => void
  /** Why it is told, of what has no other reason. */
  readonly why?: string
}

/** What pipelines hold, each part once; one that is inherited is looked at where it stands. */
export function pipelineParts(ran: readonly CheckedPipeline[]): readonly PipelinePart[] {
  const found = new Map<object, PipelinePart>()
  for (const { pipeline, statics } of ran) {
    const add = (node: { readonly span: Span }, make: () => PipelinePart): void => {
      if (!found.has(node)) found.set(node, make())
    }
    for (const { item, file, inherited } of pipeline.items.values()) {
      if (inherited) continue
      if (item.kind === 'fn') add(item, () => functionPart(item, file, statics))
      else add(item, () => valuesPart(item.span, itemValues(item), file, statics, caseOf(item)))
    }
    for (const { item, file, inherited } of pipeline.nexts.values())
      if (!inherited) add(item, () => valuesPart(item.span, itemValues(item), file, statics))
    for (const stage of pipeline.stages)
      for (const { clause, file, inherited } of stage.inherited ? [] : allClauses(stage))
        if (!inherited) add(clause, () => valuesPart(clause.span, clauseValues(clause), file, statics))
  }
  return [...found.values()]
}

function functionPart(declaration: FunctionDeclaration, file: string, statics: Statics): PipelinePart {
  return {
    span: declaration.span,
    statics,
    unreached: (reached) => unreached(declaration, reached),
    look: (x) => {
      const environment = withoutChosen(x, file, statics)
      x.during(statics.anyFacts, () => lookAtFunction(x, { kind: 'fn', declaration, environment }))
    },
  }
}

function valuesPart(
  span: Span,
  values: readonly Expression[],
  file: string,
  statics: Statics,
  local?: string,
): PipelinePart {
  return {
    span,
    statics,
    unreached: (reached) => values.flatMap((value) => unreachedIn(value, reached)),
    look: (x) => {
      const environment = withoutChosen(x, file, statics)
      if (local !== undefined) environment.set(local, unknownVal)
      const evaluate = (value: Expression): void =>
        looked(x, () => x.drawPath.root('', () => evaluateOrUnknown(x, value, new Environment(environment))))
      x.during(statics.anyFacts, () => values.forEach(evaluate))
    },
    why: 'no pipeline takes this arm with its params as they are',
  }
}

/** The name by which an evaluation is measured once for each of several data sets. */
const caseOf = (item: { readonly kind: string; readonly over?: { readonly name: { text: string } } }) =>
  item.kind === 'evaluate' ? item.over?.name.text : undefined

/**
 * The names of a pipeline. What depends on params that choose is unknown: with other values of theirs, something may get
 * here that fits.
 */
function withoutChosen(x: Elaboration, file: string, statics: Statics): Environment {
  const unknown = chosenNames(statics)
  return new Environment(new PipelineScope(statics, x).environment(file), (name) =>
    unknown.has(name) ? unknownVal : undefined,
  )
}
