import { withFieldLimits } from '../../src/compiler/4-lower/field-limits.js'
import { expect, it } from 'vitest'
import { flatten } from '../../src/compiler/2-resolve/flatten.js'
import { loadProgram } from '../../src/compiler/2-resolve/program.js'
import { checkStatics } from '../../src/compiler/3-elaborate/check.js'
import { dropMarkers, expandGradients } from '../../src/compiler/6-differentiate/expand.js'
import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { Diagnostics } from '../../src/diagnostics/diagnostic.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { Copier } from '../../src/graph/rewrite.js'
import { type Tensor, elementCount, tensor } from '../../src/graph/types.js'
import { readLibrary } from '../check/analyze.js'
import { runOnOnnxruntime } from '../ops/onnxruntime.js'

type Numbers = readonly (number | 'inf' | '-inf' | 'nan')[]

/** An expression of the language in x and y, and what torch has for it. */
export interface Case {
  readonly expression: string
  readonly shapes: readonly (readonly number[])[]
  readonly arguments: readonly Numbers[]
  readonly shape: readonly number[]
  readonly value: Numbers
  /** Of the sum of the entries, the first taken once, the second twice and so on. */
  readonly gradients?: readonly Numbers[]
}

const special = { inf: Infinity, '-inf': -Infinity, nan: NaN }
const numbers = (given: Numbers): number[] => given.map((v) => (typeof v === 'number' ? v : special[v]))

/** An expression in x and y, with its gradients, as a graph. */
export function graphOf({ expression, shapes, gradients: wanted }: Case, uses: string): Graph {
  const lets = shapes.map((shape, k) => `let ${'xy'[k]} = draw normal of [${shape.join(', ')}]`)
  const source = `${uses}\npipeline p {\n${lets.join('\n')}\nlet result = ${expression}\n}`
  const diagnostics = new Diagnostics()
  const read = (path: string): string | undefined => (path === 'main.dcr' ? source : readLibrary(path))
  const program = loadProgram('main.dcr', { read }, diagnostics)
  const pipeline = flatten(program, undefined, diagnostics)
  if (!pipeline) throw new Error(diagnostics.all.map((d) => d.message).join('; '))
  const { statics } = checkStatics(program, pipeline, new Map(), diagnostics)
  const { elaboration } = statics.scope
  const environment = statics.scope.environment('main.dcr')
  const valueOf = (name: string): Value => {
    const value = environment.get(name)
    if (value?.kind === 'tensor') return value.value
    throw new Error(`${name}: ${diagnostics.all.map((d) => d.message).join('; ')}`)
  }
  const inputs = shapes.map((_, k) => valueOf('xy'[k] ?? ''))
  const named = [valueOf('result'), ...inputs].map((value, i) => ({ name: `${i}`, value }))
  const forward = expandGradients(elaboration.finish('forward', named))
  const b = new Builder()
  const [result, ...targets] = new Copier(b).copy(forward).map(({ value }) => value)
  if (!result) throw new Error('no result')
  const { shape } = result.type
  const cotangent = b.constant(
    tensor(
      'f32',
      shape,
      Array.from({ length: elementCount(shape) }, (_, i) => i + 1),
    ),
  )
  const found = wanted ? gradients(b, [{ value: result, cotangent }], targets) : []
  const outputs = [result, ...found.map((g, k) => g ?? b.zerosLike(targets[k] ?? result))]
  const graph = b.finish(
    'case',
    outputs.map((value, i) => ({ name: `${i}`, value })),
  )
  // as lowering does, without the guards by which a step fails
  return withFieldLimits(dropMarkers(graph), { locate: () => '', guards: false })
}

/** The first place at which two lists of numbers differ by more than rounding; NaN and infinities are themselves. */
function difference(actual: Tensor | undefined, expected: readonly number[]): string | undefined {
  const found = [...(actual?.data ?? [])]
  const close = (a: number, b: number): boolean =>
    a === b || Math.abs(a - b) <= 2e-6 * Math.max(1, Math.abs(b))
  const at = expected.findIndex(
    (v, i) => !(Number.isNaN(v) ? Number.isNaN(found[i]) : close(found[i] ?? NaN, v)),
  )
  return at < 0 && found.length === expected.length
    ? undefined
    : `[${found.join()}], torch [${expected.join()}]`
}

/** Compares values and gradients in float64 and on onnxruntime with those that a script wrote. */
export function compareWithTorch(cases: readonly Case[], uses = ''): void {
  it.each(cases.map((c, i) => [`${i} ${c.expression} of ${JSON.stringify(c.arguments)}`, c] as const))(
    '%s',
    async (_, c) => {
      const graph = graphOf(c, uses)
      const leaves = new Map(
        graph.inputs.map((input) => {
          const k = input.source.kind === 'input' && input.source.name.endsWith('y') ? 1 : 0
          return [input, tensor('f32', input.type.shape, numbers(c.arguments[k] ?? []))] as const
        }),
      )
      const expected = [c.value, ...(c.gradients ?? [])].map(numbers)
      const exact = interpret(graph, (v) => leaves.get(v) ?? tensor('f32', [0], []))
      expect(expected.map((e, i) => difference(exact[i], e))).toEqual(expected.map(() => undefined))
      const run = await runOnOnnxruntime(graph, leaves)
      expect(expected.map((e, i) => difference(run[i], e))).toEqual(expected.map(() => undefined))
    },
  )
}
