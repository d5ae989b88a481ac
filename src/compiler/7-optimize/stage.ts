import { Draft, type Graph } from '../../graph/graph.js'
import type { LoweredEvaluation } from '../4-lower/lowered.js'
import { type DifferentiatedStage, type StepGraph, stepsOf } from '../6-differentiate/step.js'
import type { InputRole, OutputRole } from '../../artefact/manifest.js'
import { optimizeForward } from '../5-optimize/index.js'
import { optimize } from './index.js'
import type { Optimised } from '../passes/run.js'
import type { PassContext } from '../passes/pass.js'
import { splitPrologue } from './prologue.js'

/** A stage's graphs as they are emitted, each with the meaning of its inputs and outputs. */
export interface OptimizedStage {
  readonly step: StepGraph
  readonly monitored: StepGraph | null
  readonly micro: StepGraph | null
  readonly prologue: StepGraph | null
  readonly report: Optimised['report']
}

/** Optimises the graphs of a stage. */
export function optimizeStage(stage: DifferentiatedStage, context: PassContext): OptimizedStage {
  const full = optimize(stage.full.graph, context)
  const micro = stage.micro && optimize(stage.micro.graph, context)
  const split = splitPrologue([full.graph, ...(micro ? [micro.graph] : [])], context.draft)
  const [main, last] = split.graphs
  if (!main) throw new Error('unreachable: the step is always there')
  return {
    ...stepsOf(withRoles(main, stage.full)),
    micro: stage.micro && last ? withRoles(last, stage.micro) : null,
    prologue: split.prologue && prologueStep(split.prologue),
    report: [...full.report, ...(micro?.report ?? [])],
  }
}

/** Optimises a graph that is not differentiated; its gradients must have been expanded. */
export function optimizeFunction(graph: Graph, given: PassContext): Graph {
  const context = { ...given, draft: new Draft() }
  return optimize(optimizeForward(graph, context).graph, context).graph
}

/** Optimises an evaluation's graphs; its gradients must have been expanded. */
export const optimizeEvaluation = (
  evaluation: LoweredEvaluation,
  context: PassContext,
): LoweredEvaluation => ({
  ...evaluation,
  parts: evaluation.parts.map((part) => ({
    ...part,
    graph: optimizeFunction(part.graph, context),
  })),
})

/** The roles of the inputs that are left, and of prologue results. */
function withRoles(graph: Graph, { inputs, outputs }: StepGraph): StepGraph {
  const roles = graph.inputs.map(({ source }): [string, InputRole] => {
    const name = source.kind === 'input' ? source.name : ''
    return [name, inputs.get(name) ?? { kind: 'prologue', key: prologueKey(name) }]
  })
  return { graph, inputs: new Map(roles), outputs }
}

function prologueStep(graph: Graph): StepGraph {
  const outputs = graph.outputs.map(({ name }): [string, OutputRole] => [
    name,
    { kind: 'prologue', key: prologueKey(name) },
  ])
  return { graph, inputs: new Map(), outputs: new Map(outputs) }
}

function prologueKey(name: string): string {
  const [kind, key] = name.split('/')
  if (kind !== 'prologue' || key === undefined) throw new Error(`the input ${name} has no role`)
  return key
}
