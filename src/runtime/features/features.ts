import { createHash } from 'node:crypto'
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { GraphSpec } from '../../artefact/graphs.js'
import { type Binding, link } from '../../artefact/link.js'
import { openCache } from '../../cache.js'
import { version } from '../../compiler/version.js'
import { byteSize, elementCount } from '../../graph/types.js'
import { canonical } from '../../json/canonical.js'
import { contentOf } from '../../weights/content.js'
import { checkEntries } from '../field-limits.js'
import { env } from '../onnxruntime.js'
import type { SessionSettings } from '../session.js'
import type { TensorValue } from '../sources/dataset.js'
import { type HostTensor, buffersOf, copyInto, hostArray } from '../tensors.js'
import { WorkerThread } from '../thread.js'
import { fileSystemRoot } from '../weights.js'
import { emptyTable } from '../../json/table.js'
import { KeptRows, keyBytes } from './kept-rows.js'

/** Where rows are kept, and hashes of weights. */
export interface FeatureFolders {
  readonly cache: string
  readonly contents: string
}

/** What a graph of features is run with. */
export interface FeatureGraph {
  readonly spec: GraphSpec
  readonly model: Uint8Array
  readonly bindings: ReadonlyMap<string, Binding>
}

/** Folders of rows that no run has used for so long are removed. */
const keptFor = 30 * 24 * 60 * 60 * 1000

/**
 * What `cached` keeps of the rows of one data set: made once of the fields of a row, then read. A row is found by the values
 * of its fields, in the folder of all else that it follows from: the graph, the contents of the weights, the library that
 * computes. So no change of data goes unseen, and whoever comes to the same values shares them. The graph is loaded when
 * the first row is not there.
 */
export class Features {
  private thread: Promise<WorkerThread> | undefined

  private constructor(
    private readonly graph: FeatureGraph,
    private readonly settings: SessionSettings,
    private readonly rows: KeptRows,
  ) {}

  static async open(
    graph: FeatureGraph,
    settings: SessionSettings,
    folders: FeatureFolders,
  ): Promise<Features> {
    const key = await identityOf(graph, folders.contents)
    openCache(folders.cache)
    removeUnused(folders.cache)
    const folder = join(folders.cache, key)
    const width = graph.spec.outputs.reduce((sum, output) => sum + rowBytes(output), 0)
    const rows = new KeptRows(folder, width)
    utimesSync(folder, new Date(), new Date())
    return new Features(graph, settings, rows)
  }

  get data(): string {
    const [first] = this.inputs
    return first?.data ?? ''
  }

  /** The fields of which it makes others. */
  get fields(): readonly string[] {
    return this.inputs.map(({ field }) => field)
  }

  makes(field: string): boolean {
    return this.graph.spec.outputs.some(({ role }) => role.kind === 'result' && role.name === field)
  }

  /** Copies what is made of rows into the memory of a batch; `rows` are the values of `fields`, with the rows' names. */
  async fill(
    rows: readonly { readonly values: readonly TensorValue[]; readonly name: string }[],
    into: readonly { readonly field: string; readonly data: HostTensor['data']; readonly rows: number }[],
  ): Promise<void> {
    const keys = rows.map(({ values }) => keyOf(values))
    const made = keys.map((key) => this.rows.get(key))
    const missing = new Map(keys.flatMap((key, k) => (made[k] ? [] : [[key.toString('base64'), k] as const])))
    if (missing.size > 0) {
      for (const k of missing.values()) this.checkRow(rows[k])
      await this.compute([...missing.values()].map((k) => ({ key: keys[k], values: rows[k]?.values ?? [] })))
    }
    for (const [k, key] of keys.entries()) {
      const row = made[k] ?? this.rows.get(key)
      if (!row) throw new Error('a row that was made is not there')
      let at = 0
      for (const output of this.graph.spec.outputs) {
        const bytes = rowBytes(output)
        for (const { field, data, rows: count } of into)
          if (output.role.kind === 'result' && output.role.name === field && k < count)
            new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(
              row.subarray(at, at + bytes),
              k * bytes,
            )
        at += bytes
      }
    }
  }

  async close(): Promise<void> {
    this.rows.close()
    await (await this.thread)?.end()
  }

  private get inputs() {
    return this.graph.spec.inputs.flatMap((input) =>
      input.role.kind === 'batch' ? [{ ...input.role, input }] : [],
    )
  }

  private checkRow(
    row: { readonly values: readonly TensorValue[]; readonly name: string } | undefined,
  ): void {
    for (const [k, { data, field, limits = [] }] of this.inputs.entries()) {
      const value = row?.values[k]
      if (row && value) checkEntries(value, limits, { data, field, row: row.name })
    }
  }

  /** Runs the graph on as many rows as it takes at a time, the last ones filled up. */
  private async compute(
    wanted: readonly { readonly key: Buffer | undefined; readonly values: readonly TensorValue[] }[],
  ): Promise<void> {
    const thread = await (this.thread ??= this.start())
    const size = this.inputs[0]?.input.shape[0] ?? 1
    for (let first = 0; first < wanted.length; first += size) {
      const some = wanted.slice(first, first + size)
      const feeds = emptyTable<HostTensor>()
      for (const [k, { input }] of this.inputs.entries()) {
        const { name, dtype, shape } = input
        const data = hostArray(dtype, new ArrayBuffer(byteSize(input)))
        for (let row = 0; row < size; row++) {
          const value = (some[row] ?? some.at(-1))?.values[k]
          if (!value) throw new Error(`a row without ${name}`)
          copyInto(data, value, row * elementCount(shape.slice(1)))
        }
        feeds[name] = { dtype, shape, data }
      }
      const { results } = await thread.call('runGraph', [feeds], buffersOf(feeds))
      for (const [row, { key }] of some.entries()) {
        const parts = this.graph.spec.outputs.map((output) => {
          const data = results[output.name]?.data
          if (!data) throw new Error(`${this.graph.spec.file} has no output ${output.name}`)
          const bytes = rowBytes(output)
          return new Uint8Array(data.buffer, data.byteOffset + row * bytes, bytes)
        })
        if (key) this.rows.put(key, Buffer.concat(parts))
      }
    }
  }

  private async start(): Promise<WorkerThread> {
    const thread = new WorkerThread()
    const { spec, model, bindings } = this.graph
    await thread.call('openGraph', [spec, link(model, bindings), this.settings])
    return thread
  }
}

const rowBytes = (output: GraphSpec['outputs'][number]): number =>
  byteSize({ dtype: output.dtype, shape: output.shape.slice(1) })

function keyOf(values: readonly TensorValue[]): Buffer {
  const hash = createHash('sha256')
  for (const value of values) {
    hash.update(`${value.constructor.name} ${value.length}\0`)
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  }
  return hash.digest().subarray(0, keyBytes)
}

/** What all rows follow from, beside their fields. */
async function identityOf({ spec, model, bindings }: FeatureGraph, contents: string): Promise<string> {
  const weights: unknown[] = []
  for (const [name, { location, offset, length, dtype }] of bindings)
    weights.push([name, await contentOf(join(fileSystemRoot, location), contents), offset, length, dtype])
  const facts = {
    inputs: spec.inputs.map(({ dtype, shape }) => [dtype, [...shape]]),
    outputs: spec.outputs.map(({ dtype, shape }) => [dtype, [...shape]]),
    model: createHash('sha256').update(model).digest('hex'),
    weights: weights.map((of) => JSON.stringify(of)).toSorted(),
    compiler: version,
    onnxruntime: env.versions.node ?? '',
    platform: `${process.platform}-${process.arch}`,
  }
  return createHash('sha256').update(canonical(facts)).digest('hex').slice(0, 32)
}

function removeUnused(cache: string): void {
  for (const entry of readdirSync(cache, { withFileTypes: true })) {
    const path = join(cache, entry.name)
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {}
    if (entry.isDirectory() && mtimeMs !== undefined && Date.now() - mtimeMs > keptFor)
      rmSync(path, { recursive: true, force: true })
  }
}
