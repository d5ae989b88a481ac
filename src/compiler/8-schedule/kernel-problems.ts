import { noKernel } from '../../diagnostics/catalogue/target.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import type { Graph } from '../../graph/graph.js'
import { missingKernels } from '../../targets/kernels.js'
import type { Target } from '../../targets/target.js'

/** What of some graphs the target cannot run, each once, at its place in the source; `span` is that of the whole. */
export function kernelProblems(
  graphs: readonly Graph[],
  { name, kernels }: Target,
  span: Span,
): readonly Diagnostic[] {
  const problems = new Map<string, Diagnostic>()
  for (const graph of graphs) {
    for (const { node, type, refused = null } of missingKernels(graph, kernels)) {
      const types = kernels[node.op]?.types ?? []
      const problem = noKernel(node.span ?? span, { target: name, operator: node.op, type, types, refused })
      if (!problems.has(problem.message)) problems.set(problem.message, problem)
    }
  }
  return [...problems.values()]
}
