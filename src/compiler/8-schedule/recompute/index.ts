import type { Graph } from '../../../graph/graph.js'
import type { Target } from '../../../targets/target.js'
import type { LoweredUpdate } from '../../4-lower/lowered.js'
import { stepsOf } from '../../6-differentiate/step.js'
import type { OptimizedUpdate } from '../../7-optimize/stage.js'
import { type ScheduledUpdate, schedule, scheduleUpdate } from '../schedule.js'
import { leaner } from './search.js'

/**
 * An update whose graphs compute results again in place of keeping them, so that a run of each takes at most so many
 * bytes, or little more than it must. They compute the same to the bit. The plain step is a slice of the monitored one
 * here, too.
 */
export function scheduleWithin(
  bytes: number,
  lowered: LoweredUpdate,
  given: OptimizedUpdate & { readonly features: readonly Graph[] },
  target: Target,
): ScheduledUpdate {
  const full = within(bytes, given.monitored ?? given.step, target)
  const micro = given.micro && within(bytes, given.micro, target)
  return scheduleUpdate(lowered, { ...given, ...stepsOf(full), micro }, target)
}

/** How often the search begins again with another limit. */
const attempts = 4

function within(bytes: number, graph: Graph, target: Target): Graph {
  let best = schedule(graph, target)
  const { inputs, weights, session, outputs, activations } = best.memory
  // What is given back takes that much, however little is kept.
  const floor = Math.max(target.cost.copiesOfOutputs * outputs, activations / 100)
  let limit = Math.max(floor, bytes - inputs - weights - session)
  for (let k = 0; k < attempts && best.memory.peak > bytes; k++) {
    const found = leaner(graph, limit)
    const made = schedule(found.graph, target)
    const isLess = made.memory.peak < best.memory.peak
    if (isLess) best = made
    if (found.peak <= limit) {
      if (limit === floor) break
      // What was asked for is there, but more nodes take more of onnxruntime itself.
      limit = Math.max(floor, found.peak - (made.memory.peak - bytes))
    } else {
      if (!isLess) break
      // It is not to be had: how little is?
      limit = Math.max(floor, 0.9 * found.peak)
    }
  }
  return best.graph
}
