/**
 * Predicted and measured peak memory of the quickstart's first stage with 16 pictures, by how many rows of its pairs
 * are computed at a time: `npx tsx test/bench/chunks.ts`. Linux only; random feeds, parameters fed as inputs.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cpu } from '../../src/targets/cpu/index.js'
import { layOut } from '../../src/compiler/8-schedule/layout.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import { memoryOf } from '../../src/compiler/8-schedule/memory.js'
import { bytes } from '../../src/diagnostics/units.js'
import { quickstartStep } from '../emit/quickstart-step.js'

const types = { f32: 'float32', i64: 'int64', bool: 'bool' } as const
const script = fileURLToPath(new URL('../plan/measure.mjs', import.meta.url))

for (const rows of [16, 8, 4, 2, 1]) {
  const { graph, liveness, places } = layOut(quickstartStep({ batch: 16, ...(rows < 16 ? { rows } : {}) }))
  const inputs = graph.inputs.map(({ type, source }) => ({
    name: source.kind === 'input' ? source.name : '',
    type: types[type.dtype as keyof typeof types],
    shape: type.shape,
  }))
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-chunks-'))
  writeFileSync(join(folder, 'model.onnx'), emit(graph, { places: places() }))
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ inputs, options: onCpu.options }))
  const measured = Number(execFileSync(process.execPath, [script, folder], { encoding: 'utf8' }))
  rmSync(folder, { recursive: true })
  console.log(`| ${rows} | ${bytes(memoryOf(graph, cpu.cost, liveness).peak)} | ${bytes(measured)} |`)
}
