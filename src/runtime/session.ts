import { join } from 'node:path'
import { InferenceSession, Tensor } from './onnxruntime.js'
import { rootFolderEntry } from '../artefact/link.js'
import type { GraphSpec } from '../artefact/graphs.js'
import { GraphFault, graphFailure } from '../faults/graph-fault.js'
import { isMemoryFault } from '../faults/memory-fault.js'
import type { DType } from '../graph/types.js'
import { sessions } from '../targets/sessions.js'
import type { HostArray, HostTensor } from './tensors.js'
import { emptyTable } from '../json/table.js'

/** How sessions run; recorded with a run, because results are bit-equal only under equal settings. */
export interface SessionSettings {
  /** The target that the graphs are compiled for. */
  readonly target: string
  /** The folder to which the locations of linked weights are relative. */
  readonly root: string
  /** Threads of an operator; onnxruntime's choice when absent. */
  readonly threads?: number | undefined
  /** The folder into which onnxruntime writes what each node takes; nowhere when absent. */
  readonly profile?: string | undefined
}

/** Creates the session of a linked graph, with the options that the compiler's schedule counts on. */
function createSession(
  model: Uint8Array,
  spec: GraphSpec,
  { target, root, threads, profile }: SessionSettings,
): Promise<InferenceSession> {
  const session = sessions[target]
  if (!session) throw new Error(`no sessions for ${target}`)
  const { options, provider } = session
  return InferenceSession.create(model, {
    ...options,
    graphOptimizationLevel: spec.optimization,
    executionProviders: [provider],
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: join(profile, spec.file) }),
    extra: { ...options.extra, session: { ...session.entries(spec), [rootFolderEntry]: root } },
  })
}

/** A graph ready to run: feeds and results go by the names of its manifest entry. */
export class LoadedGraph {
  private constructor(
    readonly spec: GraphSpec,
    private readonly session: InferenceSession,
    private readonly profiled: boolean,
  ) {}

  static async load(spec: GraphSpec, model: Uint8Array, settings: SessionSettings): Promise<LoadedGraph> {
    const session = await told(spec, () => createSession(model, spec, settings))
    const missing = session.inputNames.filter((name) => !spec.inputs.some((input) => input.name === name))
    if (missing.length > 0)
      throw new Error(`${spec.file} has inputs that its manifest does not name: ${missing.join(', ')}`)
    return new LoadedGraph(spec, session, settings.profile !== undefined)
  }

  /**
   * Runs the graph, as far as the wanted outputs need it. `feed` gives the tensor of each input, or null where linking
   * has bound the input to a file.
   */
  async run(
    feed: (input: GraphSpec['inputs'][number]) => Tensor | null,
    wanted: GraphSpec['outputs'] = this.spec.outputs,
  ): Promise<ReadonlyMap<GraphSpec['outputs'][number], Tensor>> {
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

/** What onnxruntime refuses is told with the graph; that there is no memory, as it is. */
async function told<T>({ file }: GraphSpec, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isMemoryFault(error) ? error : new GraphFault(graphFailure(file, error))
  }
}

/** Element types in onnxruntime's words; bf16 cannot cross a graph's boundary. */
const typeNames = {
  f32: 'float32',
  f16: 'float16',
  f64: 'float64',
  i64: 'int64',
  i32: 'int32',
  u8: 'uint8',
  bool: 'bool',
} as const

/** Wraps values without copying them. */
export function toTensor({ dtype, shape, data }: HostTensor): Tensor {
  if (dtype === 'bf16') throw new Error('bf16 cannot be fed to a graph')
  return new Tensor(typeNames[dtype], data as Float32Array, shape)
}

/** The values of a result, without copying them. */
export function fromTensor(tensor: Tensor): HostTensor {
  const dtype = (Object.keys(typeNames) as (keyof typeof typeNames)[]).find(
    (t) => typeNames[t] === tensor.type,
  )
  if (!dtype) throw new Error(`a graph gave a tensor of type ${tensor.type}`)
  return { dtype: dtype satisfies DType, shape: tensor.dims, data: tensor.data as HostArray }
}
