import type { GraphSpec } from '../../artefact/graphs.js'
import type { State } from '../../artefact/roles.js'
import type { SessionSettings } from '../session.js'
import type { HostTensor } from '../tensors.js'

/** What runs graphs on onnxruntime. All executors give the same bits: a run may go on with another. */
export interface Executor {
  /** Creates the session of a linked graph. */
  load(spec: GraphSpec, model: Uint8Array, settings: SessionSettings): Promise<HostGraph>
  /** Room for the state of a stage. */
  hold(): HeldState
}

export type Input = GraphSpec['inputs'][number]
export type Output = GraphSpec['outputs'][number]
export type Results = ReadonlyMap<Output, HostTensor>

/** The tensor of an input, or null where linking has bound it to a file. */
export type Feed = (input: Input) => HostTensor | null

/** A graph whose inputs come from the machine's memory, and whose outputs go there. */
export interface HostGraph {
  readonly spec: GraphSpec
  /** Runs the graph, as far as the wanted outputs need it; all of them when absent. */
  run(feed: Feed, wanted?: readonly Output[]): Promise<Results>
  release(): Promise<void>
}

export type HeldType = Pick<HostTensor, 'dtype' | 'shape'>

/**
 * The state of a stage, where an executor keeps it between runs of its graphs. Next values that a run gives are taken
 * over or forgotten as a whole; until then the state is as it was.
 */
export interface HeldState {
  /** Gives a tensor of the state its values; null: zeros. */
  set(key: string, type: HeldType, values: HostTensor['data'] | null): void
  /** A graph that reads and writes what is held, under the keys of its states. */
  load(
    spec: GraphSpec,
    model: Uint8Array,
    settings: SessionSettings,
    keyOf: (state: State) => string,
  ): Promise<HeldGraph>
  /** What the next run reads under a key; undefined where nothing is held, and it reads zeros. */
  read(key: string): HostTensor | undefined
  /** Copies what `read` gives to memory that others may hold. */
  copy(key: string, into: Uint8Array): void
  /** The values of the state. */
  values(): Iterable<HostTensor>
  /** The next values that the last run gave. */
  given(): Iterable<HostTensor>
  /** The next run reads what the last one gave, as micro-batches of one step do; the state is as it was. */
  advance(): void
  /** What the last run gave is the state, and what micro-batches have left is forgotten. */
  commit(): void
  /** What runs have given since the state was set or last taken over is forgotten. */
  drop(): void
  close(): Promise<void>
}

/** A graph of a stage: its states are held, all else comes and goes. */
export interface HeldGraph {
  /** Gives all outputs but the states. */
  run(feed: Feed): Promise<Results>
}
