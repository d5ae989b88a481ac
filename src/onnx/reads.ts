import type { FileNode } from './file-node.js'
import type { OnnxModel } from './model.js'

/** What of a file its outputs are computed from, and the nodes that read each value for them. */
export interface Reads {
  readonly used: ReadonlySet<string>
  readonly readers: ReadonlyMap<string, readonly FileNode[]>
}

/** Exporters leave nodes behind whose results nothing reads; what feeds these alone has no part in the model. */
export function readsOf({ nodes, outputs }: Pick<OnnxModel, 'nodes' | 'outputs'>): Reads {
  const used = new Set(outputs)
  const readers = new Map<string, FileNode[]>()
  for (const node of nodes.toReversed()) {
    const wanted = node.outputs.map((name) => used.has(name))
    if (!wanted.includes(true)) continue
    const own = node.inputs.filter((_, k) => isRead(node, k, wanted))
    const within = [...node.bodies.values()].flatMap((body) => [
      ...body.nodes.flatMap(({ inputs }) => inputs),
      ...body.outputs,
    ])
    for (const name of new Set([...own, ...within])) {
      used.add(name)
      readers.set(name, [node, ...(readers.get(name) ?? [])])
    }
  }
  return { used, readers }
}

/** Running statistics of a normalization that trains go into its second and third output, and nothing else. */
const isRead = (node: FileNode, input: number, wanted: readonly boolean[]): boolean =>
  node.op !== 'BatchNormalization' ||
  input < 3 ||
  !isTraining(node) ||
  wanted[1] === true ||
  wanted[2] === true

/** Before opset 14 further outputs say that it trains. */
export const isTraining = ({ attributes, outputs }: FileNode): boolean =>
  (attributes.get('training_mode') ?? 0) !== 0 || outputs.filter((name) => name !== '').length > 1
