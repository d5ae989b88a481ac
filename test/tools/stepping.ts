import { join } from 'node:path'
import { fileSystemRoot } from '../../src/runtime/weights.js'
import type { GraphSpec } from '../../src/artefact/graphs.js'
import { link } from '../../src/artefact/link.js'
import type { Artefact } from '../../src/artefact/manifest.js'
import type { StageSpec, UpdateSpec } from '../../src/artefact/stages.js'
import { byteSize } from '../../src/graph/types.js'
import { draw, drawKey } from '../../src/runtime/draws.js'
import { hyperAt } from '../../src/runtime/hyper.js'
import type { SessionSettings } from '../../src/runtime/session.js'
import type { StagePlan } from '../../src/runtime/step-loop.js'
import { type HostTensor, type HostTensors, hostArray } from '../../src/runtime/tensors.js'
import { initialWeights } from './weights.js'

/** A stage of one update, and that update. */
export interface Stepped {
  readonly stage: StageSpec
  readonly update: UpdateSpec
}

export function steppedStage({ manifest }: Artefact, name: string): Stepped {
  const stage = manifest.stages.find((s) => s.name === name)
  const [update] = stage?.updates ?? []
  if (!stage || !update) throw new Error(`${manifest.pipeline} has no stage ${name}`)
  return { stage, update }
}

/** What a loop of plain steps needs; initial values lie in `scratch`, or are written there. */
export async function planOfSteps(
  { manifest, files }: Artefact,
  { stage, update }: Stepped,
  scratch: string,
  settings: Omit<SessionSettings, 'root' | 'target'>,
): Promise<StagePlan> {
  const weights = await initialWeights(manifest, scratch)
  const linked = (spec: GraphSpec | null): Uint8Array | null => {
    const model = spec && files.get(spec.file)
    return spec && model ? link(model, weights.bindings(spec)) : null
  }
  const { step, prologue } = update.graphs
  const graphs = { step: linked(step), monitored: null, micro: null, prologue: linked(prologue) }
  const prologueFile = prologue && join(scratch, `${stage.name}.prologue.safetensors`)
  return {
    skips: false,
    updates: [{ spec: update, graphs, prologueFile }],
    state: update.trained.flatMap(({ model, path, shape }) => [
      { key: `param/${model}/${path}`, dtype: 'f32' as const, shape, stored: weights.parameter(model, path) },
      ...update.slots.map((slot) => ({
        key: `${slot}/${model}/${path}`,
        dtype: 'f32' as const,
        shape,
        stored: null,
      })),
    ]),
    settings: { ...settings, target: manifest.target, root: fileSystemRoot },
  }
}

/** Random values of the right ranges for what a step is fed. */
export function feedsOf({ stage, update }: Stepped, step: number): HostTensors {
  const hyper = hyperAt(update, step, stage.steps)
  const fed: Record<string, HostTensor> = {}
  for (const input of update.graphs.step.inputs) {
    const { name, dtype, shape, role } = input
    if (role.kind === 'state' || role.kind === 'prologue') continue
    const data = hostArray(dtype, new ArrayBuffer(byteSize(input)))
    const key = drawKey('bench', name)
    if (role.kind === 'hyper') data[0] = hyper[role.group]?.scalars[role.name] ?? 0
    else if (role.kind === 'draw') draw(role.distribution, shape, { key, step, micro: 0 }, data)
    else {
      // Pictures in [0, 1), and integers that every vocabulary has.
      const kind = dtype === 'f32' ? 'uniform' : 'randint'
      draw({ kind, low: 0, high: dtype === 'f32' ? 1 : 10 }, shape, { key, step, micro: 0 }, data)
    }
    fed[name] = { dtype, shape, data }
  }
  return fed
}
