import type { GraphSpec } from '../../artefact/graphs.js'
import { GraphFault, graphFailure } from '../../faults/graph-fault.js'
import { isMemoryFault } from '../../faults/memory-fault.js'

/** What onnxruntime refuses is told with the graph; that there is no memory, as it is. */
export async function told<T>({ file }: GraphSpec, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isMemoryFault(error) ? error : new GraphFault(graphFailure(file, error))
  }
}

/** The manifest must name all inputs that a session has: what it does not name would never be fed. */
export function checkInputs({ file, inputs }: GraphSpec, names: readonly string[]): void {
  const missing = names.filter((name) => !inputs.some((input) => input.name === name))
  if (missing.length > 0)
    throw new Error(`${file} has inputs that its manifest does not name: ${missing.join(', ')}`)
}
