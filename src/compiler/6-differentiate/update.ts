import type { State } from '../../artefact/roles.js'
import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import type { Optimizer, OptimizerSettings } from '../../optimizers/optimizer.js'
import { findOptimizer } from '../../optimizers/registry.js'
import { completeSettings } from '../../optimizers/settings.js'
import type { LoweredUpdate, ParameterGroup } from '../4-lower/lowered.js'

/** What a state tensor is after a step. */
export interface NextState {
  readonly state: State
  readonly value: Value
}

/** The optimizer of a group with its settings in full. */
export function groupOptimizer(group: ParameterGroup): {
  readonly optimizer: Optimizer
  readonly settings: OptimizerSettings
} {
  const optimizer = findOptimizer(group.optimizer)
  if (!optimizer) throw new Error(`no optimizer ${group.optimizer}`)
  return { optimizer, settings: completeSettings(optimizer, group.settings) }
}

/** The names of all optimizer slots of a update, for the manifest. */
export function slotsOf(update: LoweredUpdate): readonly string[] {
  const slots = update.groups.flatMap((group) => {
    const { optimizer, settings } = groupOptimizer(group)
    return optimizer.slots(settings)
  })
  return [...new Set(slots)]
}

/** The global norm over all gradients. */
export function globalNorm(b: Builder, gradients: readonly Value[]): Value {
  const squares = gradients.map((g) => {
    const axes = g.type.shape.map((_, axis) => axis)
    return b.sum(b.mul(g, g), axes)
  })
  return b.sqrt(squares.reduce((sum, square) => b.add(sum, square)))
}

/** The factor that brings gradients of this norm down to `limit`, as torch.nn.utils.clip_grad_norm_ computes it. */
export function clipFactor(b: Builder, norm: Value, limit: number): Value {
  return b.op('Min', [b.scalar(1), b.div(b.scalar(limit), b.add(norm, b.scalar(1e-6)))])
}

/** The exponential averages of the trained parameters after an update: a' = d a + (1 - d) p'. */
export function averages(
  b: Builder,
  { ema }: LoweredUpdate,
  updated: readonly NextState[],
  kept: (state: State, like: Value) => Value,
): readonly NextState[] {
  if (ema === null) return []
  return updated.flatMap(({ state: { kind, model, path }, value: now }): NextState[] => {
    if (kind !== 'parameter') return []
    const state = { kind: 'average', model, path } as const
    return [{ state, value: b.add(b.scale(kept(state, now), ema), b.scale(now, 1 - ema)) }]
  })
}

/** The optimizer's update of every trained parameter and of what it keeps beside them. */
export function updates(
  b: Builder,
  update: LoweredUpdate,
  parameters: readonly Value[],
  gradients: readonly Value[],
  inputs: { kept(state: State, like: Value): Value; hyper(group: number, name: string): Value },
): readonly NextState[] {
  const groups = update.groups.map(groupOptimizer)
  return update.trained.flatMap((trained, i) => {
    const { model, path } = trained
    const [parameter, gradient, group] = [parameters[i], gradients[i], groups[trained.group]]
    if (!parameter || !gradient || !group) throw new Error(`${path}: no gradient or no group`)
    const { optimizer, settings } = group
    const slots = optimizer
      .slots(settings)
      .map((slot) => ({ slot, state: { kind: 'slot', slot, model, path } as const }))
    const hyperNames = Object.keys(optimizer.hyper(settings, 1, 1))
    const next = optimizer.update(b, {
      parameter,
      gradient,
      settings,
      slots: Object.fromEntries(slots.map(({ slot, state }) => [slot, inputs.kept(state, parameter)])),
      hyper: Object.fromEntries(hyperNames.map((name) => [name, inputs.hyper(trained.group, name)])),
    })
    const after = slots.map(({ slot, state }): NextState => {
      const value = next.slots[slot]
      if (!value) throw new Error(`${optimizer.name} gives no slot ${slot}`)
      return { state, value }
    })
    return [{ state: { kind: 'parameter', model, path }, value: next.parameter }, ...after]
  })
}
