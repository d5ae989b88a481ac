import type { Graph } from '../../graph/graph.js'
import { anchorTargets } from './anchors.js'
import { cancelShifts } from './cancel-shifts/index.js'
import { chunkPairs } from './chunk-pairs/index.js'
import { eliminateDead } from './eliminate-dead.js'
import { foldConstants } from './fold-constants.js'
import { fuseActivations } from './fuse-activations.js'
import { fuseMatmul } from './fuse-matmul.js'
import { hoistInvariants } from './hoist-invariants.js'
import { mergeCommon } from './merge-common.js'
import { type Pass, type PassContext, type Refusal, walkTogether } from './pass.js'
import { pushRepeats } from './push-repeats/index.js'
import { shrinkSums } from './shrink-sums.js'
import { simplify } from './simplify/index.js'
import { splitProducts } from './split-products.js'
import { sumRows } from './sum-rows.js'

/**
 * Before differentiation, in this order: what the backward pass then inherits. Repetitions are pushed as long as they
 * stand by themselves: later their change of shape is one with that of what reads them. What cancels goes before, so
 * that less depends on them.
 */
export const forwardPasses: readonly Pass[] = [
  cancelShifts,
  pushRepeats,
  splitProducts,
  foldConstants,
  simplify,
  fuseActivations,
  mergeCommon,
  fuseMatmul,
]

/** The same where pairs are computed in chunks. */
const chunkedPasses = forwardPasses.map((pass) => (pass === pushRepeats ? chunkPairs : pass))

/** After differentiation, in this order. */
export const passes: readonly Pass[] = [
  hoistInvariants,
  foldConstants,
  simplify,
  sumRows,
  mergeCommon,
  fuseMatmul,
  shrinkSums,
]

export interface Optimised {
  readonly graph: Graph
  readonly report: readonly PassReport[]
}

export interface PassReport {
  readonly pass: string
  readonly changed: number
  readonly refusals: readonly Refusal[]
}

/** Prepares a stage's forward graph for differentiation. */
export const optimizeForward = (graph: Graph, context: PassContext): Optimised =>
  run(context.chunking ? chunkedPasses : forwardPasses, anchorTargets(graph), context)

/** Optimises a differentiated graph. */
export const optimize = (graph: Graph, context: PassContext): Optimised => run(passes, graph, context)

function run(list: readonly Pass[], graph: Graph, context: PassContext): Optimised {
  const report: PassReport[] = []
  let current = graph
  for (const step of sharedWalks(list)) {
    const result = runStep(step, current, context)
    report.push(...result.report)
    current = result.graph
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
