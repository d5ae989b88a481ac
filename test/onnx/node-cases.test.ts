import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseCases, runCase } from './node-case.js'

/*
 * Aim: of every operator that is read, official cases as they are shipped come out right. This is a selection, written
 * by test/oracle/onnx_node_cases.py; `npm run suite:onnx` runs all of them.
 */

const cases = parseCases(readFileSync(new URL('node-cases.jsonl', import.meta.url), 'utf8'))

describe('official ONNX cases: read, valued in float64 and emitted again for onnxruntime', () => {
  test.each(cases.map((c) => [c.operator, c.name, c] as const))('%s %s', async (_, __, c) => {
    expect(await runCase(c)).toEqual({ kind: 'right' })
  })
})
