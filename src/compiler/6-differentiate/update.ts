import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import type { Optimizer, OptimizerSettings } from '../../optimizers/optimizer.js'
import { findOptimizer } from '../../optimizers/registry.js'
import { completeSettings } from '../../optimizers/settings.js'
import type { LoweredStage, ParameterGroup, TrainedParameter } from '../4-lower/lowered.js'

/** The key of a trained parameter's state. */
export const stateKey = (slot: string, { model, path }: Pick<TrainedParameter, 'model' | 'path'>): string =>
  `${slot}/${model}/${path}`

/** The optimizer of a group with its settings in full. */
export function groupOptimizer(group: ParameterGroup): {
  readonly optimizer: Optimizer
  readonly settings: OptimizerSettings
} {
  const optimizer = findOptimizer(group.optimizer)
  if (!optimizer) throw new Error(`no optimizer ${group.optimizer}`)
  return { optimizer, settings: completeSettings(optimizer, group.settings) }
}

/** The names of all optimizer slots of a stage, for the manifest. */
export function slotsOf(stage: LoweredStage): readonly string[] {
  const slots = stage.groups.flatMap((group) => {
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

/** The exponential averages of the trained parameters after an update: a' = d a + (1 - d) p', by state key. */
export function averages(
  b: Builder,
  { ema, trained }: LoweredStage,
  updated: ReadonlyMap<string, Value>,
  parameters: readonly Value[],
  slot: (key: string, like: Value) => Value,
): ReadonlyMap<string, Value> {
  if (ema === null) return new Map()
  const kept = trained.map((t, i): readonly [string, Value] => {
    const [now, before] = [updated.get(stateKey('param', t)), parameters[i]]
    if (!now || !before) throw new Error(`${t.path}: no update`)
    const key = stateKey('ema', t)
    return [key, b.add(b.scale(slot(key, before), ema), b.scale(now, 1 - ema))]
  })
  return new Map(kept)
}

/** The optimizer's update of every trained parameter: the new values by state key. */
export function updates(
  b: Builder,
  stage: LoweredStage,
  parameters: readonly Value[],
  gradients: readonly Value[],
  inputs: { slot(key: string, like: Value): Value; hyper(group: number, name: string): Value },
): ReadonlyMap<string, Value> {
  const groups = stage.groups.map(groupOptimizer)
  const results = new Map<string, Value>()
  stage.trained.forEach((trained, i) => {
    const [parameter, gradient, group] = [parameters[i], gradients[i], groups[trained.group]]
    if (!parameter || !gradient || !group) throw new Error(`${trained.path}: no gradient or no group`)
    const { optimizer, settings } = group
    const slotNames = optimizer.slots(settings)
    const hyperNames = Object.keys(optimizer.hyper(settings, 1, 1))
    const next = optimizer.update(b, {
      parameter,
      gradient,
      settings,
      slots: Object.fromEntries(slotNames.map((s) => [s, inputs.slot(stateKey(s, trained), parameter)])),
      hyper: Object.fromEntries(hyperNames.map((name) => [name, inputs.hyper(trained.group, name)])),
    })
    results.set(stateKey('param', trained), next.parameter)
    for (const slot of slotNames) {
      const value = next.slots[slot]
      if (!value) throw new Error(`${optimizer.name} gives no slot ${slot}`)
      results.set(stateKey(slot, trained), value)
    }
  })
  return results
}
