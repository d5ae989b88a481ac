/**
 * Why rounded weights are converted to f32 files, and what that costs: `npx tsx test/bench/conversions.ts`. Linux only.
 *
 * 32 linear layers of 2048 x 2048 with frozen weights, 64 rows, forward and the gradient of the input, as f32 values in a
 * converted file, or as bf16 (half the bytes) with a Cast in the graph, one per weight or one per use of it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { layOut } from '../../src/compiler/8-schedule/layout.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import { link, rootFolderEntry } from '../../src/artefact/link.js'
import { bytes } from '../../src/diagnostics/units.js'
import { Builder } from '../../src/graph/builder.js'
import type { DType } from '../../src/graph/types.js'
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js'
import { fileSystemRoot } from '../../src/runtime/weights.js'
import { Conversions } from '../../src/weights/conversions.js'
import { median } from './median.js'

const [layers, width, rows, steps] = [32, 2048, 64, 6]
const names = Array.from({ length: layers }, (_, k) => `w${k}`)
const forms = ['f32', 'bf16, one Cast', 'bf16, a Cast per use'] as const
type Form = (typeof forms)[number]

const [, , form, folder = ''] = process.argv
if (form === undefined) await compare()
else if (form === 'convert') await convert()
else await measure(form as Form)

async function compare(): Promise<void> {
  const made = mkdtempSync(join(tmpdir(), 'dcrc-conversions-'))
  try {
    const source = join(made, 'm.safetensors')
    const shape = [width, width]
    const weight = async (k: number): Promise<Float32Array> =>
      Float32Array.from({ length: width * width }, (_, i) => Math.sin(i * 0.37 + k) / 32)
    await writeSafetensors(
      source,
      names.map((name, k) => ({ name, dtype: 'f32', shape, content: () => weight(k) })),
    )
    await writeSafetensors(
      join(made, 'bf16.safetensors'),
      names.map((name, k) => ({ name, dtype: 'bf16', shape, content: async () => upper(await weight(k)) })),
    )
    for (const one of ['convert', ...forms]) {
      const script = fileURLToPath(import.meta.url)
      const { stdout, stderr } = spawnSync('npx', ['tsx', script, one, made], { encoding: 'utf8' })
      process.stdout.write(stdout || stderr)
    }
  } finally {
    rmSync(made, { recursive: true })
  }
}

/** The upper halves of f32 words: what is stored is not what the other form rounds to, and takes the same time. */
function upper(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer), (word) => word >>> 16)
}

async function convert(): Promise<void> {
  const { tensors, size } = await openSafetensors(join(folder, 'm.safetensors'))
  writeFileSync('/proc/self/clear_refs', '5')
  const before = memory()
  for (const as of ['bf16', 'f16'] as const) {
    const conversions = new Conversions({ cache: join(folder, 'cache'), run: join(folder, 'run') })
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    await conversions.convert([...tensors.values()], as)
    const { user, system } = process.cpuUsage(cpu)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(
      `${bytes(size)} to ${as}: ${seconds} s, of the processor ${((user + system) / 1e6).toFixed(1)} s`,
    )
  }
  console.log(`memory while converting: at most ${bytes(memory().peak - before.resident)} more`)
}

async function measure(kind: Form): Promise<void> {
  const dtype: DType = kind === 'f32' ? 'f32' : 'bf16'
  const b = new Builder()
  const x = b.input('x', { dtype: 'f32', shape: [rows, width] })
  const stored = names.map((name) => b.parameter('m', name, { dtype, shape: [width, width] }))
  const read = (k: number) => {
    const value = stored[k]
    if (!value) throw new Error(`no weight ${k}`)
    return b.cast(value, 'f32')
  }
  const shared = kind === 'bf16, one Cast' ? names.map((_, k) => read(k)) : undefined
  const weight = (k: number) => shared?.[k] ?? read(k)
  let y = x
  for (let k = 0; k < layers; k++) y = b.op('Gemm', [y, weight(k)], { transB: 1 })
  for (let k = layers - 1; k >= 0; k--) y = b.op('Gemm', [y, weight(k)])
  const { graph } = layOut(b.finish('layers', [{ name: 'y', value: y }]))

  const file = dtype === 'f32' ? join(folder, 'm.safetensors') : join(folder, 'bf16.safetensors')
  const { tensors } = await openSafetensors(file)
  const bindings = [...tensors].map(([name, { offset, length }]) => {
    const location = relative(fileSystemRoot, file)
    return [`m/${name}`, { location, offset, length, dtype }] as const
  })
  writeFileSync('/proc/self/clear_refs', '5')
  const before = memory()
  const session = await InferenceSession.create(link(emit(graph), new Map(bindings)), {
    ...onCpu.options,
    intraOpNumThreads: 2,
    extra: {
      ...onCpu.options.extra,
      session: { disable_prepacking: '1', [rootFolderEntry]: fileSystemRoot },
    },
  })
  const feed = new Tensor('float32', new Float32Array(rows * width).fill(0.01), [rows, width])
  const times: number[] = []
  for (let k = 0; k < steps; k++) {
    const { user } = process.cpuUsage()
    await session.run({ x: feed })
    times.push((process.cpuUsage().user - user) / 1e3)
  }
  const after = memory()
  const grown = `${bytes(after.own - before.own)} of its own, peak ${bytes(after.peak - before.resident)}`
  console.log(`${kind}: ${median(times.slice(1)).toFixed(0)} ms of the processor a step, ${grown}`)
}

/** Bytes: what no file backs, what is resident, and the most that was. */
function memory(): { readonly own: number; readonly resident: number; readonly peak: number } {
  const status = readFileSync('/proc/self/status', 'utf8')
  const read = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024
  return { own: read('RssAnon'), resident: read('VmRSS'), peak: read('VmHWM') }
}
