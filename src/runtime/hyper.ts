import type { Settings } from '../artefact/json.js'
import type { UpdateSpec } from '../artefact/stages.js'
import { findOptimizer } from '../optimizers/registry.js'
import { completeSettings } from '../optimizers/settings.js'
import { findSchedule } from '../schedules/registry.js'

/** The optimizer's scalars of one group at one step; `lr` is the scheduled learning rate itself. */
export interface GroupHyper {
  readonly lr: number
  readonly scalars: Readonly<Record<string, number>>
}

/**
 * The scalars of every group of an update at a step of it counted from 1, in float64. A schedule sees the full number
 * of `steps`, also when a run is cut short.
 */
export function hyperAt({ groups }: UpdateSpec, step: number, steps: number): readonly GroupHyper[] {
  return groups.map((group) => {
    const optimizer = findOptimizer(group.optimizer)
    if (!optimizer) throw new Error(`no optimizer ${group.optimizer}`)
    const schedule = findSchedule(group.schedule)
    if (!schedule) throw new Error(`no schedule ${group.schedule}`)
    const settings = completeSettings(optimizer, group.settings)
    const { lr: base } = settings
    if (typeof base !== 'number') throw new Error(`optimizer ${group.optimizer} has no learning rate`)
    const lr = base * schedule.factor(numbers(group.schedule_settings), step, steps)
    return { lr, scalars: optimizer.hyper(settings, step, lr) }
  })
}

function numbers(settings: Settings): Record<string, number> {
  const out: Record<string, number> = {}
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'number') throw new Error(`setting ${name} is no number`)
    out[name] = value
  }
  return out
}
