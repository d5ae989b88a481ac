import type { Graph } from '../../graph/graph.js'
import { verified } from '../../graph/verify.js'
import { eliminateDead } from './eliminate-dead.js'
import { mergeCommon } from './merge-common.js'
import { type Pass, type PassContext, type Refusal, walkTogether } from './pass.js'

export interface Optimised {
  readonly graph: Graph
  readonly report: readonly PassReport[]
}

export interface PassReport {
  readonly pass: string
  readonly changed: number
  readonly refusals: readonly Refusal[]
}

/** Runs passes in their order; what is dead at the end goes. */
export function runPasses(list: readonly Pass[], graph: Graph, context: PassContext): Optimised {
  const report: PassReport[] = []
  let current = verified(graph, 'before all passes')
  for (const step of sharedWalks(list)) {
    const result = runStep(step, current, context)
    report.push(...result.report)
    current = verified(result.graph, `behind ${step.map((p) => p.name).join(', ')}`)
  }
  return { graph: eliminateDead.run(current, context).graph, report }
}

/** Neighbours that walk node by node form one step; merging takes every node and ends it. */
function sharedWalks(list: readonly Pass[]): readonly (readonly Pass[])[] {
  const steps: Pass[][] = []
  for (const pass of list) {
    const last = steps.at(-1)
    if (last && pass.walk && last.every((p) => p.walk && p !== mergeCommon)) last.push(pass)
    else steps.push([pass])
  }
  return steps
}

function runStep(step: readonly Pass[], graph: Graph, context: PassContext): Optimised {
  const walks = step.flatMap((p) => p.walk ?? [])
  if (walks.length === step.length) {
    const walked = walkTogether(walks, graph, context)
    return {
      graph: walked.graph,
      report: step.map((p, i) => ({ pass: p.name, changed: 0, refusals: [], ...walked.findings[i] })),
    }
  }
  const [pass] = step
  if (!pass) return { graph, report: [] }
  const { graph: next, changed, refusals } = pass.run(graph, context)
  return { graph: next, report: [{ pass: pass.name, changed, refusals }] }
}
