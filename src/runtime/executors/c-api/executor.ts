import type { Executor } from '../executor.js'
import { CApiGraph } from './graph.js'
import { CApiState } from './held.js'
import type { Library } from './library.js'
import { providerNamed } from './providers.js'

/** The executor that keeps state with onnxruntime, where a provider computes, by its C API. */
export const executorOn = (library: Library, provider: string): Executor => ({
  load: (spec, model, settings) => CApiGraph.load(library, spec, model, settings),
  hold: () => new CApiState(library, providerNamed(provider).memory(library)),
})
