import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { analyze } from '../../src/compiler/analyze.js'
import { buildEvaluation } from '../../src/compiler/build-evaluation.js'
import { compile, compileAnalysed } from '../../src/compiler/index.js'
import { readModel } from '../../src/onnx/protobuf.js'
import { cpu } from '../../src/targets/cpu/index.js'
import type { Target } from '../../src/targets/target.js'
import { readLibrary } from '../check/analyze.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf, parametersAsInputs } from '../optimize/compare.js'
import { abacus } from './abacus/index.js'

/*
 * Aim: a target is a value. One that lacks two operators which the processor's graphs are full of, and bf16, compiles
 * the quickstart by passes of its own, and what it cannot run is told at its line.
 */

const lacking = ['FusedMatMul', 'Gelu']

describe('a second target', () => {
  const analysis = analyze({
    entry: 'pipelines/quickstart/quickstart.dcr',
    files: new DiskFiles(process.cwd()),
    settings: new Map([['batch', '2']]),
    target: abacus,
  })

  it('compiles the quickstart without the operators that it lacks', { timeout: 120_000 }, () => {
    const { artefact, diagnostics } = compileAnalysed(analysis)
    expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([])
    expect(artefact?.manifest.target).toBe('abacus')
    const models = [...(artefact?.files.values() ?? [])].map(readModel)
    const operators = new Set(models.flatMap(({ graph }) => graph?.node?.map((node) => node.opType ?? '')))
    expect(operators).toContain('Erf')
    expect(lacking.filter((name) => operators.has(name))).toEqual([])
  })

  it('computes the same', { timeout: 120_000 }, async () => {
    const gate = analysis.lowered?.evaluations.find(({ name }) => name === 'gate')
    if (!gate) throw new Error('the quickstart has a gate')
    const [ours, its] = [cpu, abacus].map((target) => {
      const [part] = buildEvaluation(gate, target).scheduled.graphs.flat()
      if (!part) throw new Error('an evaluation has a graph')
      return parametersAsInputs(part.graph)
    })
    if (!ours || !its) throw new Error('two graphs')
    const names = new Set(ours.nodes.map((node) => node.op))
    expect(lacking.filter((name) => names.has(name))).toEqual(lacking)
    const feeds = randomFeeds(ours)
    expect(difference(await outputsOf(ours, feeds), await outputsOf(its, feeds))).toBeLessThan(2e-5)
  })

  const complaints = (target: Target, lines: string, clauses = ''): readonly string[] => {
    const text = `use std.nn { Linear }
pipeline p {
  model head = Linear(4, 4)
  let x = draw normal of [2, 4]
  ${lines}
  stage s { train head; minimize mean(square(head(y))); optimizer sgd(lr = 0.1); steps 3; ${clauses} }
}`
    const files = { read: (path: string) => (path === 'main.dcr' ? text : readLibrary(path)) }
    return compile({ entry: 'main.dcr', files, target }).diagnostics.map(
      ({ code, message, span }) => `${code}: ${message}: ${text.slice(span.start, span.end)}`,
    )
  }

  it('tells what it has no kernel for, at its place', () => {
    expect(complaints(cpu, 'let y = cast(cast(x, bf16), f32)')).toEqual([])
    expect(complaints(abacus, 'let y = cast(cast(x, bf16), f32)')).toEqual([
      'target/no-kernel: `abacus` cannot compute Cast in bf16: cast(x, bf16)',
    ])
    const without = { ...abacus, passes: { ...abacus.passes, forward: [] } }
    expect(complaints(without, 'let y = gelu(x)')).toEqual([
      'target/no-kernel: `abacus` cannot compute Gelu: gelu(x)',
    ])
  })

  it('is asked about what the compiler adds, too', () => {
    expect(complaints(cpu, 'let y = x', 'precision bf16')).toEqual([])
    expect(complaints(abacus, 'let y = x', 'precision bf16')).toEqual([
      'target/no-kernel: `abacus` cannot compute Cast in bf16: s',
    ])
  })
})

it('nothing outside of the targets goes by the name of one', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('targets'))
    .filter((path) => /'(cpu|cuda|webgpu)'/.test(readFileSync(join('src', path), 'utf8')))
  expect(files).toEqual([])
})
