import type { Executor } from '../executor.js'
import { CApiGraph } from './graph.js'
import { CApiState } from './held.js'
import type { Library } from './library.js'

/** The executor that keeps state with onnxruntime, by its C API. */
export const executorOn = (library: Library): Executor => ({
  load: (spec, model, settings) => CApiGraph.load(library, spec, model, settings),
  hold: () => new CApiState(library),
})
