import type { Executor } from '../executor.js'
import { BindingGraph } from './graph.js'
import { BindingState } from './held.js'

/** onnxruntime's own binding for Node: runs wherever it is installed. */
export const binding: Executor = {
  load: (spec, model, settings) => BindingGraph.load(spec, model, settings),
  hold: () => new BindingState(),
}
