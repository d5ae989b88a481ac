import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from '../../src/runtime/onnxruntime.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { type DType, elementCount } from '../../src/graph/types.js'
import { SampleRandom } from '../../src/ops/sample.js'

type OrtType = 'float32' | 'int64' | 'int32' | 'bool'
const ortTypes: Partial<Record<DType, OrtType>> = { f32: 'float32', i64: 'int64', i32: 'int32', bool: 'bool' }

/** Random feeds for a graph: floats in [-1, 1], integers 0 or 1. */
export function randomFeeds(graph: Graph, seed = 1): Record<string, ort.Tensor> {
  const random = new SampleRandom(seed)
  return Object.fromEntries(
    graph.inputs.map((input) => [nameOf(input), ortTensor(input, () => random.uniform() * 2 - 1)]),
  )
}

const nameOf = (value: Value): string => (value.source.kind === 'input' ? value.source.name : '')

function ortTensor({ type }: Value, draw: () => number): ort.Tensor {
  const name = ortTypes[type.dtype]
  if (!name) throw new Error(`no feed of type ${type.dtype}`)
  const values = Array.from({ length: elementCount(type.shape) }, draw)
  const data =
    name === 'float32'
      ? Float32Array.from(values)
      : name === 'int64'
        ? BigInt64Array.from(values, (v) => BigInt(v > 0 ? 1 : 0))
        : name === 'int32'
          ? Int32Array.from(values, (v) => (v > 0 ? 1 : 0))
          : Uint8Array.from(values, (v) => (v > 0 ? 1 : 0))
  return new ort.Tensor(name, data, [...type.shape])
}

/** Runs a model once under the profiler and gives the names of its nodes in the order in which they ran. */
export async function executedOrder(
  model: Uint8Array,
  feeds: Record<string, ort.Tensor>,
  options: ort.InferenceSession.SessionOptions = onCpu.options,
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-profile-'))
  try {
    const session = await ort.InferenceSession.create(model, {
      ...options,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    })
    await session.run(feeds)
    session.endProfiling()
    await session.release()
    const [file] = readdirSync(folder)
    const events = JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8')) as readonly Event[]
    return events
      .filter((e) => e.cat === 'Node' && e.name.endsWith('_kernel_time'))
      .sort((a, b) => a.ts - b.ts)
      .map((e) => e.name.slice(0, -'_kernel_time'.length))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Event {
  readonly cat: string
  readonly name: string
  readonly ts: number
}
