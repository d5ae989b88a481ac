import { type Rewrite, rewrite } from '../../graph/rewrite.js'
import type { Builder } from '../../graph/builder.js'
import type { Draft, Graph, Node, Value } from '../../graph/graph.js'

/** One rewrite of a whole graph that keeps what it computes. */
export interface Pass {
  readonly name: string
  readonly doc: string
  /** Names of passes that must stand before it in the list. */
  readonly requires: readonly string[]
  run(graph: Graph, context: PassContext): PassResult
  /** A pass that looks at one node at a time shares the walk over the graph with its neighbours in the list. */
  readonly walk?: Walk
}

export interface PassContext {
  /** The series that all passes of a stage belong to; without one they leave the graph that they are given as it is. */
  readonly draft?: Draft
  /** How the rows of pairs are computed; all at once when absent. */
  readonly chunking?: Chunking
  /** How samples are split where micro-batches are accumulated exactly; not at all when absent. */
  readonly microBatches?: MicroBatches
}

/** Pairs are computed in chunks of rows. */
export interface Chunking {
  /** How many rows at a time; they divide the rows of the pairs. */
  readonly rows: number
  /** `<model>/<path>` of the parameters with respect to which the stage differentiates. */
  readonly trained: ReadonlySet<string>
}

/** The samples of a step go through what treats them one by one in micro-batches. */
export interface MicroBatches {
  /** The samples of a step. */
  readonly rows: number
  /** How many micro-batches; it divides the samples. */
  readonly count: number
  /** `<model>/<path>` of the parameters with respect to which the stage differentiates. */
  readonly trained: ReadonlySet<string>
}

export interface PassResult {
  readonly graph: Graph
  /** How many times it did its thing; 0 leaves the graph as it was, dead nodes aside. */
  readonly changed: number
  /** Where it looked closer and left things as they are. */
  readonly refusals: readonly Refusal[]
}

export interface Refusal {
  readonly node: Node
  readonly reason: string
}

/** Starts one walk over a graph: the rules of the rewrite, which note in the findings what they do. */
export type Walk = (findings: Findings, graph: Graph, context: PassContext) => LocalRules

export interface LocalRules extends Pick<Rewrite, 'node' | 'leaf'> {
  /** What stands for a value that an earlier pass of the same walk has just made. */
  after?(value: Value, b: Builder): Value
}

export interface Findings {
  changed: number
  readonly refusals: Refusal[]
}

/** A pass made of rules for single nodes. */
export const localPass = (head: Pick<Pass, 'name' | 'doc' | 'requires'>, walk: Walk): Pass => ({
  ...head,
  walk,
  run: (graph, context) => {
    const { graph: walked, findings } = walkTogether([walk], graph, context)
    return { graph: walked, changed: 0, refusals: [], ...findings[0] }
  },
})

/**
 * Runs the rules of several passes in one walk: at each node the first one that applies, in order. So a pass that
 * takes every node, as merging does, must be the last of its neighbours.
 */
export function walkTogether(
  walks: readonly Walk[],
  graph: Graph,
  context: PassContext,
): { readonly graph: Graph; readonly findings: readonly Findings[] } {
  const findings = walks.map((): Findings => ({ changed: 0, refusals: [] }))
  const rules = walks.map((walk, i) => walk(findings[i] ?? { changed: 0, refusals: [] }, graph, context))
  const settle = (value: Value, b: Builder, by: number): Value =>
    rules.slice(by + 1).reduce((v, later) => later.after?.(v, b) ?? v, value)
  const last = rules.length - 1
  // Each of a graph's many nodes and values comes through here: no lists or iterators on the way.
  const walked = rewrite(graph, {
    draft: context.draft,
    node(node, inputs, copier) {
      for (let i = 0; i <= last; i++) {
        const outputs = rules[i]?.node?.(node, inputs, copier)
        if (outputs) return i === last ? outputs : outputs.map((v) => v && settle(v, copier.b, i))
      }
      return undefined
    },
    leaf(value, b) {
      for (let i = 0; i <= last; i++) {
        const replaced = rules[i]?.leaf?.(value, b)
        if (replaced) return replaced
      }
      return undefined
    },
  })
  return { graph: walked, findings }
}
