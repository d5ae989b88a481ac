import type { GraphSpec } from '../../../artefact/graphs.js'
import { emptyTable } from '../../../json/table.js'
import { InferenceSession, type Tensor } from '../../onnxruntime.js'
import { type SessionSettings, planSession } from '../../session.js'
import type { Feed, HostGraph, Input, Output, Results } from '../executor.js'
import { checkInputs, told } from '../told.js'
import { fromTensor, toTensor } from './tensors.js'

/** A session of the binding: feeds and results go by the names of the graph's manifest entry. */
export class BindingGraph implements HostGraph {
  private constructor(
    readonly spec: GraphSpec,
    private readonly session: InferenceSession,
    private readonly profiled: boolean,
  ) {}

  static async load(spec: GraphSpec, model: Uint8Array, settings: SessionSettings): Promise<BindingGraph> {
    const { provider, options, optimization, threads, profile, entries } = planSession(spec, settings)
    const session = await told(spec, () =>
      InferenceSession.create(model, {
        ...options,
        graphOptimizationLevel: optimization,
        executionProviders: [provider],
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
        ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
        extra: { ...options.extra, session: entries },
      }),
    )
    checkInputs(spec, session.inputNames)
    return new BindingGraph(spec, session, profile !== undefined)
  }

  async run(feed: Feed, wanted: readonly Output[] = this.spec.outputs): Promise<Results> {
    const tensorOf = (input: Input): Tensor | null => {
      const fed = feed(input)
      return fed && toTensor(fed)
    }
    const results = await this.runTensors(tensorOf, wanted)
    return new Map([...results].map(([output, tensor]) => [output, fromTensor(tensor)]))
  }

  async runTensors(
    feed: (input: Input) => Tensor | null,
    wanted: readonly Output[],
  ): Promise<ReadonlyMap<Output, Tensor>> {
    const feeds = emptyTable<Tensor>()
    for (const input of this.spec.inputs) {
      const tensor = feed(input)
      if (tensor) feeds[input.name] = tensor
    }
    const names = wanted.map(({ name }) => name)
    const results = await told(this.spec, () => this.session.run(feeds, names))
    return new Map(
      wanted.map((output) => {
        const tensor = results[output.name]
        if (!tensor) throw new Error(`${this.spec.file} has no output ${output.name}`)
        return [output, tensor]
      }),
    )
  }

  release(): Promise<void> {
    if (this.profiled) this.session.endProfiling()
    return this.session.release()
  }
}
