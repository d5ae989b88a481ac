import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as ort from '../../src/runtime/onnxruntime.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { Builder } from '../../src/graph/builder.js'
import type { Attributes, Graph } from '../../src/graph/graph.js'
import type { DType, Tensor } from '../../src/graph/types.js'
import type { Operator } from '../../src/ops/operator.js'
import { operators } from '../../src/ops/registry.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { layOut } from '../../src/compiler/8-schedule/layout.js'
import { calls, graphOf } from './memory-calls.js'

// Measures in a process of its own, whose memory nothing else changes: prints the bytes of each operator as JSON.
// usage: tsx test/ops/measure-memory.ts Abs Add ...

/** 36 MB in floats: what is larger than 32 MB goes back to the system as soon as it is free. */
const elements = 9 << 20

/** Settings under which an operator takes a vector of floats and gives one. */
const settings: Readonly<Record<string, Attributes>> = { Cast: { to: 'f32' }, Mod: { fmod: 1 } }

/** An operator on a vector that a node makes and nothing else reads; undefined where its result is of another type. */
export function probe(op: Operator): Graph | undefined {
  const { inputs } = op.sample(new SampleRandom(1))
  const b = new Builder()
  const typeOf = (t: Tensor | null | undefined): DType => (t?.dtype === 'bool' ? 'bool' : 'f32')
  const dtype = typeOf(inputs[0])
  const size = dtype === 'bool' ? 4 * elements : elements
  const x = b.expand(b.input('x', { dtype, shape: [1] }), [size])
  const others = inputs
    .slice(1)
    .map((t) => b.constant({ dtype: typeOf(t), shape: [], data: Float64Array.of(1) }))
  const y = b.op(op.name, [x, ...others], settings[op.name] ?? op.attributes ?? {})
  return y.type.dtype === dtype ? b.finish(op.name, [{ name: 'y', value: b.slice(y, 0, 0, 1) }]) : undefined
}

/** Bytes that a graph takes at once while it runs. */
async function peakOf(model: Uint8Array, inputs: Graph['inputs']): Promise<number> {
  const session = await ort.InferenceSession.create(model, {
    graphOptimizationLevel: 'disabled',
    enableCpuMemArena: false,
    enableMemPattern: false,
  })
  const feeds = Object.fromEntries(
    inputs.map(({ source, type: { dtype, shape } }) => [
      source.kind === 'input' ? source.name : '',
      dtype === 'bool' ? new ort.Tensor('bool', [true], shape) : new ort.Tensor('float32', [0.5], shape),
    ]),
  )
  writeFileSync('/proc/self/clear_refs', '5')
  const before = memory('VmRSS')
  await session.run(feeds)
  const peak = memory('VmHWM') - before
  await session.release()
  return peak
}

const memory = (name: string): number =>
  Number(new RegExp(`${name}:\\s*(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const peaks: Record<string, number> = {}
  for (const op of operators.filter(({ name }) => process.argv.includes(name))) {
    const graph = probe(op)
    if (graph) peaks[op.name] = await peakOf(emit(graph), graph.inputs)
  }
  for (const name of Object.keys(calls).filter((call) => process.argv.includes(call))) {
    const { graph, places } = layOut(graphOf(name))
    peaks[name] = await peakOf(emit(graph, { places: places() }), graph.inputs)
  }
  process.stdout.write(JSON.stringify(peaks))
}
