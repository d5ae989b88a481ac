import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { type LaidOut, layOut } from '../../src/compiler/8-schedule/layout.js'
import { leaner } from '../../src/compiler/8-schedule/recompute/search.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { session as onCpu } from '../../src/targets/cpu/session.js'
import { memoryOf } from '../../src/compiler/8-schedule/memory.js'
import type { Graph } from '../../src/graph/graph.js'
import { mlpStep } from '../emit/graphs.js'
import { quickstartStep } from '../emit/quickstart-step.js'

const types = { f32: 'float32', i64: 'int64', bool: 'bool' } as const

/** Growth of resident memory while a graph runs, in bytes. */
function measuredPeak({ graph, places }: LaidOut): number {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-memory-'))
  try {
    const inputs = graph.inputs.map(({ type, source }) => ({
      name: source.kind === 'input' ? source.name : '',
      type: types[type.dtype as keyof typeof types],
      shape: type.shape,
    }))
    writeFileSync(join(folder, 'model.onnx'), emit(graph, { places: places() }))
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ inputs, options: onCpu.options }))
    const script = fileURLToPath(new URL('measure.mjs', import.meta.url))
    return Number(execFileSync(process.execPath, [script, folder], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The graph with results computed again, so that at most a share of what they take is taken at a time. */
const again = (graph: Graph, share: number): Graph => leaner(graph, share * layOut(graph).liveness.peak).graph

describe.runIf(process.platform === 'linux')('the predicted peak of memory', () => {
  const cases: readonly (readonly [name: string, off: number, build: () => Graph])[] = [
    ['a step whose activations dominate', 0.15, () => mlpStep({ layers: 24, batch: 8192, width: 256 })],
    [
      'the same where much is computed again',
      0.1,
      () => again(mlpStep({ layers: 24, batch: 8192, width: 256 }), 0.3),
    ],
    ['a step whose state dominates', 0.15, () => mlpStep({ layers: 8, batch: 64, width: 1536 })],
    // What onnxruntime takes for itself is more than half of it.
    ['the quickstart', 0.25, () => quickstartStep()],
    // What the forward pass drops is free before the backward pass begins.
    ['256 pairs of the quickstart', 0.15, () => quickstartStep({ batch: 16 })],
  ]
  for (const [name, off, build] of cases) {
    it(`is within ${off} of the measured one: ${name}`, () => {
      const laid = layOut(build())
      const measured = measuredPeak(laid)
      expect(memoryOf(laid.graph, cpu.cost).peak / measured).toBeGreaterThan(1 - off)
      expect(memoryOf(laid.graph, cpu.cost).peak / measured).toBeLessThan(1 + off)
    })
  }
})
