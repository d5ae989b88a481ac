import type { Distribution, InputRole, OutputRole } from '../artefact/roles.js'
import type { Graph, Output, Value } from './graph.js'

/**
 * What an output is to later phases: what it is to the runner, or in a forward graph the gradient that a stage minimizes
 * by and the next value of a state.
 */
export type GraphOutputRole =
  | OutputRole
  | { readonly kind: 'gradient'; readonly model: string; readonly path: string }
  /** What a state is after the micro-batch, or with `afterUpdate` after the step, whose parameters it reads. */
  | {
      readonly kind: 'next'
      readonly model: string
      readonly path: string
      readonly afterUpdate: boolean
    }

/** What an input is fed with; values that are none, and inputs of bodies and functions, have no role. */
export const roleOf = ({ source }: Value): InputRole | undefined =>
  source.kind === 'input' ? source.role : undefined

export const lossOf = (graph: Graph): Value | undefined =>
  graph.outputs.find(({ role }) => role?.kind === 'loss')?.value

/** What a stage is trained by: everything but what is only watched. */
export const objectiveOf = (graph: Graph): readonly Output[] =>
  graph.outputs.filter(({ role }) => role?.kind !== 'monitor')

/** The random values that a graph reads, by path. */
export const drawsOf = (graph: Graph): ReadonlyMap<string, Distribution> =>
  new Map(
    graph.inputs.flatMap((input) => {
      const role = roleOf(input)
      return role?.kind === 'draw' ? [[role.path, role.distribution]] : []
    }),
  )

/** The data sets whose rows a graph reads. */
export const dataOf = (graph: Graph): ReadonlySet<string> =>
  new Set(
    graph.inputs.flatMap((input) => {
      const role = roleOf(input)
      return role?.kind === 'batch' ? [role.data] : []
    }),
  )
