import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { byteSize, isFloat } from '../../src/graph/types.js'
import { operators } from '../../src/ops/registry.js'
import { layOut } from '../../src/compiler/8-schedule/layout.js'
import { calls, graphOf } from './memory-calls.js'
import { probe } from './measure-memory.js'

const elementwise = operators.filter((op) => op.domain !== 'dcrc' && op.broadcasts === 0)
const inPlace = operators.filter((op) => op.memory?.inPlace && op.broadcasts !== 0)
const measured = [...elementwise, ...inPlace]

describe.skipIf(process.platform !== 'linux')(
  'what onnxruntime takes for a result is what is said of',
  () => {
    let peaks: Readonly<Record<string, number>> = {}
    const peaksOf = (names: readonly string[]): typeof peaks => {
      const script = fileURLToPath(new URL('measure-memory.ts', import.meta.url))
      const printed = execFileSync(process.execPath, ['--import', 'tsx', script, ...names], {
        encoding: 'utf8',
      })
      return JSON.parse(printed) as typeof peaks
    }
    beforeAll(() => {
      peaks = peaksOf([...measured.map(({ name }) => name), ...Object.keys(calls)])
    })

    it.each(measured.map((op) => [op.name, op] as const))('%s', (_, op) => {
      const graph = probe(op)
      const [, node] = graph?.nodes ?? []
      const types = node?.outputs.map((v) => v.type) ?? []
      const inputs = node?.inputs.map((v) => v && v.type) ?? []
      const [type] = types
      if (!graph || !node || !type) return expect(op.memory?.inPlace ?? false).toBe(false)
      expect(isFloat(type.dtype) || type.dtype === 'bool').toBe(true)
      const { memory = {} } = op
      const extra = memory.workspace?.(types, node.attributes, inputs) ?? 0
      const vectors = (memory.inPlace || memory.view ? 1 : 2) + extra / byteSize(type)
      expect(Math.round((peaks[op.name] ?? NaN) / byteSize(type))).toBe(vectors)
    })

    it.each(Object.keys(calls))('%s', (name) => {
      const predicted = layOut(graphOf(name)).liveness.peak
      const beside = (): number => Math.abs((peaks[name] ?? NaN) - predicted)
      // blocks of matrices that kernels pack, and what a session itself takes
      const most = 6e6
      // Node may have taken memory for itself meanwhile, which it does not do twice at the same place
      if (beside() >= most) peaks = { ...peaks, ...peaksOf([name]) }
      expect(beside()).toBeLessThan(most)
      expect(predicted).toBeGreaterThan(30e6)
    })
  },
)
