import { stateKey } from '../../artefact/roles.js'
import { roleOf } from '../../graph/roles.js'
import { byteSize } from '../../graph/types.js'
import type { Scheduled, ScheduledUpdate } from './schedule.js'

/**
 * The updates of a stage with what each takes of memory while it runs: the state that only the others read is there too,
 * and their sessions are open.
 */
export function inOneRound(updates: readonly ScheduledUpdate[]): readonly ScheduledUpdate[] {
  if (updates.length === 1) return updates
  const held = updates.map(stateOf)
  return updates.map((update, k) => {
    const beside = new Map(held.flatMap((state, i) => (i === k ? [] : [...state])))
    for (const key of held[k]?.keys() ?? []) beside.delete(key)
    const state = [...beside.values()].reduce((sum, bytes) => sum + bytes, 0)
    const sessions = updates.reduce(
      (sum, { graphs: { step } }) => (step === update.graphs.step ? sum : sum + step.memory.session),
      0,
    )
    const more = (graph: Scheduled): Scheduled => {
      const { inputs, session, peak, ...rest } = graph.memory
      const memory = {
        ...rest,
        inputs: inputs + state,
        session: session + sessions,
        peak: peak + state + sessions,
      }
      return { ...graph, memory }
    }
    const { step, monitored, micro, prologue } = update.graphs
    const graphs = {
      step: more(step),
      monitored: monitored && more(monitored),
      micro: micro && more(micro),
      prologue,
    }
    return { ...update, graphs }
  })
}

/** Bytes of the state that an update's step reads, by what a run keeps it under. */
function stateOf({ lowered, graphs }: ScheduledUpdate): ReadonlyMap<string, number> {
  return new Map(
    graphs.step.graph.inputs.flatMap((input): [string, number][] => {
      const role = roleOf(input)
      return role?.kind === 'state' ? [[stateKey(lowered.name, role.state), byteSize(input.type)]] : []
    }),
  )
}
