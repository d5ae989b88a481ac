import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { differentiate } from '../../src/compiler/6-differentiate/step.js'
import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { cancelShifts } from '../../src/compiler/passes/cancel-shifts/index.js'
import { chunkingOf } from '../../src/compiler/passes/chunk-pairs/problems.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { optimize } from '../../src/compiler/7-optimize/index.js'
import { costOf } from '../../src/compiler/8-schedule/cost.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { needed } from '../../src/graph/rewrite.js'
import { nodesOf } from '../graph/graphs.js'
import { assertValid } from '../../src/graph/verify.js'
import { analyzeSources } from '../check/analyze.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf, parametersAsInputs } from './compare.js'

/*
 * Aim: attention to a vector per picture that is added to all tokens of a constant text is rewritten into attention to
 * the text alone; where that would not be the same, it stays. Results and gradients are those of the graph as written,
 * on onnxruntime with its optimiser off.
 */

const context = {}
const [pictures, pixels, tokens, heads, width, context_width] = [3, 5, 7, 2, 6, 4]

interface Made {
  readonly b: Builder
  readonly p: Value
  readonly text: Value
  readonly weight: (name: string, shape: readonly number[]) => Value
}

/** Multi-head attention of pixels to a condition, as std.spatial_transformer writes it. */
function attention(
  { b, weight }: Made,
  condition: Value,
  options: { readonly mask?: Value; readonly weights?: (scores: Value) => Value } = {},
): Value {
  const [rows = 1, count = 1] = condition.type.shape
  const linear = (x: Value, name: string, out: number): Value => {
    const [n = 1, t = 1, d = 1] = x.type.shape
    const bias = weight(`${name}.bias`, [out])
    const y = b.op('Gemm', [b.reshape(x, [n * t, d]), weight(`${name}.weight`, [out, d]), bias], {
      transB: 1,
    })
    return b.reshape(y, [n, t, out])
  }
  const split = (x: Value, t: number): Value =>
    b.transpose(b.reshape(x, [rows, t, heads, width / heads]), [0, 2, 1, 3])
  const x = b.input('x', { dtype: 'f32', shape: [rows, pixels, width] })
  const q = split(linear(x, 'to_q', width), pixels)
  const k = split(linear(condition, 'to_k', width), count)
  const v = split(linear(condition, 'to_v', width), count)
  const product = b.scale(b.matmul(q, b.transpose(k, [0, 1, 3, 2])), (width / heads) ** -0.5)
  const scores = options.mask ? b.add(product, options.mask) : product
  const softmax = (s: Value): Value => b.op('Softmax', [s], { axis: -1 })
  const mixed = b.matmul((options.weights ?? softmax)(scores), v)
  const merged = b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [rows, pixels, width])
  return b.add(x, linear(merged, 'to_out', width))
}

/** A graph around `build`, and the same with the gradients of the sum of squares by every input. */
function graphOf(build: (made: Made) => Value): Graph {
  const b = new Builder()
  const weight = (name: string, shape: readonly number[]): Value =>
    b.parameter('m', name, { dtype: 'f32', shape })
  const p = b.input('p', { dtype: 'f32', shape: [pictures, context_width] })
  const text = b.parameter('m', 'text', { dtype: 'f32', shape: [1, tokens, context_width] })
  return b.finish('g', [{ name: 'y', value: build({ b, p, text, weight }) }])
}

const summed = ({ b, p, text }: Made): Value => b.add(b.reshape(p, [pictures, 1, context_width]), text)

/** y and the gradients of the sum of its squares, by inputs and parameters. */
function withGradients(forward: Graph): Graph {
  const b = new Builder()
  const map = new Map<Value, Value>()
  const leaves = [...needed(forward.outputs.map((o) => o.value))].filter(
    ({ source }) => source.kind === 'input' || source.kind === 'parameter',
  )
  const nameOf = ({ source }: Value): string =>
    source.kind === 'input' ? source.name : source.kind === 'parameter' ? source.path : ''
  leaves.sort((u, v) => (nameOf(u) < nameOf(v) ? -1 : 1))
  const inputs = new Map<string, Value>()
  for (const v of leaves) {
    const made = inputs.get(nameOf(v)) ?? b.input(nameOf(v), v.type)
    inputs.set(nameOf(v), made)
    map.set(v, made)
  }
  for (const node of forward.nodes) {
    const made = b.copy(
      node,
      node.inputs.map((v) => v && (map.get(v) ?? v)),
    )
    node.outputs.forEach((v, k) => made[k] && map.set(v, made[k]))
  }
  const y = map.get(forward.outputs[0]?.value as Value) as Value
  const names = [...inputs.keys()]
  const found = gradients(b, [{ value: b.sum(b.mul(y, y), [0, 1, 2]) }], [...inputs.values()])
  return b.finish('g', [
    { name: 'y', value: y },
    // The bias of keys shifts all logits of a query: its gradient is nothing but rounding.
    ...found.flatMap((value, k) =>
      names[k] === 'to_k.bias' || !value ? [] : [{ name: `grad.${names[k]}`, value }],
    ),
  ])
}

/** The largest difference of y and its gradients after the passes before differentiation. */
async function changeOf(graph: Graph): Promise<number> {
  const [before, after] = [withGradients(graph), withGradients(optimizeForward(graph, cpu, context).graph)]
  assertValid(after)
  const feeds = randomFeeds(before)
  return difference(await outputsOf(before, feeds), await outputsOf(after, feeds))
}

/** After all passes before differentiation but this one. */
const optimizedWithout = (graph: Graph): Graph =>
  cpu.passes.forward.reduce((g, pass) => (pass === cancelShifts ? g : pass.run(g, context).graph), graph)

/** The values that the readers of a parameter read beside it. */
const partners = (graph: Graph, path: string): readonly Value[] =>
  graph.nodes.flatMap((node) =>
    node.inputs.some((v) => v?.source.kind === 'parameter' && v.source.path === path)
      ? node.inputs.slice(0, 1).filter((v) => v !== null)
      : [],
  )

const readsData = (value: Value): boolean =>
  [...needed([value])].some(({ source }) => source.kind === 'input')

describe('a vector per picture on the tokens of a constant text', () => {
  const graph = graphOf((made) => attention(made, summed(made)))

  it('cancels from the keys and passes through the values', async () => {
    const { changed, refusals } = cancelShifts.run(graph, context)
    expect({ changed, refusals }).toEqual({ changed: 1, refusals: [] })
    const { graph: tidy } = optimizeForward(graph, cpu, context)
    expect(partners(tidy, 'to_k.weight').map(readsData)).toEqual([false])
    const values = partners(tidy, 'to_v.weight')
    expect(values.map((v) => [readsData(v), v.type.shape[0]])).toEqual([
      [false, tokens],
      [true, pictures],
    ])
    expect(costOf(tidy).flops).toBeLessThan(costOf(optimizedWithout(graph)).flops)
    expect(await changeOf(graph)).toBeLessThan(3e-6)
  })

  it('does so under a mask, also one that depends on the vector', async () => {
    const masked = graphOf((made) => {
      const { b, p } = made
      const strength = b.op('Sigmoid', [b.sum(p, [1])]) // [pictures]
      const spread = made.weight('spread', [1, 1, 1, tokens])
      const mask = b.mul(b.reshape(strength, [pictures, 1, 1, 1]), spread)
      return attention(made, summed(made), { mask })
    })
    expect(cancelShifts.run(masked, context).changed).toBe(1)
    expect(await changeOf(masked)).toBeLessThan(3e-6)
  })

  it('does so for pairs, before repetitions are pushed', async () => {
    const pairs = graphOf((made) => {
      const { b } = made
      const c = summed(made)
      const rest = [tokens, context_width]
      const wide = b.expand(b.reshape(c, [1, pictures, ...rest]), [pictures, pictures, ...rest])
      return attention(made, b.reshape(wide, [pictures ** 2, ...rest]))
    })
    expect(cancelShifts.run(pairs, context).changed).toBe(1)
    const { graph: tidy } = optimizeForward(pairs, cpu, context)
    expect(partners(tidy, 'to_k.weight').map(readsData)).toEqual([false])
    expect(partners(tidy, 'to_v.weight').map((v) => v.type.shape[0])).toEqual([tokens, pictures])
    expect(await changeOf(pairs)).toBeLessThan(3e-6)
  })
})

describe('what stays as it is, and why', () => {
  const cases: Readonly<Record<string, readonly [build: (made: Made) => Value, reasons: readonly string[]]>> =
    {
      'tokens of the picture behind the text': [
        (made) => {
          const { b } = made
          const own = b.input('own', { dtype: 'f32', shape: [pictures, 2, context_width] })
          return attention(made, b.concat([summed(made), own], 1))
        },
        ['Concat needs the sum as a whole'],
      ],
      'another vector for each token': [
        (made) => {
          const { b, text } = made
          const own = b.input('own', { dtype: 'f32', shape: [pictures, tokens, context_width] })
          return attention(made, b.add(own, text))
        },
        ['what is added to its constant tokens differs from token to token'],
      ],
      'weights that do not sum to one': [
        (made) => attention(made, summed(made), { weights: (scores) => made.b.op('Sigmoid', [scores]) }),
        ['MatMul weighs it by numbers that do not sum to one'],
      ],
      'a condition that passes an activation': [
        (made) => attention(made, made.b.op('Tanh', [summed(made)])),
        ['Tanh needs the sum as a whole'],
      ],
      'a gradient by the condition itself': [
        (made) => attention(made, made.b.op('Anchor', [summed(made)])),
        ['Anchor needs the sum as a whole'],
      ],
      'a bias of keys alone': [
        (made) => attention(made, made.b.reshape(made.p, [pictures, 1, context_width])),
        [],
      ],
    }
  it.each(Object.entries(cases))('%s', (_, [build, reasons]) => {
    const { changed, refusals } = cancelShifts.run(graphOf(build), context)
    expect(changed).toBe(0)
    expect(refusals.map((r) => r.reason)).toEqual(reasons)
  })
})

/** The step of the paper with three pictures of odd size: 7 -> 4 -> 7 pixels, two levels with cross-attention. */
const program = `
use std.stable_diffusion { UNet2DConditionModel, UNetConfig }
use std.losses { dcr_loss }
use std.nn { Embedding, Projector }
pipeline small {
  model unet = UNet2DConditionModel(UNetConfig(
    in_channels = 3, out_channels = 3,
    down_block_types = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    up_block_types = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    block_out_channels = [6, 12], layers_per_block = 1, cross_attention_dim = 5, attention_head_dim = [2, 3],
    transformer_layers_per_block = [1, 1], norm_num_groups = 3, use_linear_projection = true
  ))
  model words = Embedding(9, 5)
  model proj = Projector(4, 5)
  let prompt = words(constant([[8, 1, 3, 0, 0, 0, 0]]))
  let z = draw normal of [3, 4]
  let noisy = draw normal of [3, 3, 7, 7]
  let goal = draw normal of [3, 3, 7, 7]
  let t = draw randint(0, 1000) of [3]
  fn condition(z) = proj(z)[:, None, :] + prompt
  let c = condition(z)
  let pairs = unet(noisy[i], t[i], c[j]) for i, j in 3
  stage s {
    train proj
    minimize dcr_loss(pairs, unet(noisy, t, condition(z * z)), goal, 0.3)
    optimizer sgd(lr = 1.0)
    steps 1
  }
}`

function stageOf(source: string): LoweredUpdate {
  const { lowered, diagnostics } = analyzeSources(source)
  const [stage] = lowered?.stages[0]?.updates ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return stage
}

function stepOf(stage: LoweredUpdate, chunk: number | null): Graph {
  const chunked = chunk === null ? context : { ...context, chunking: chunkingOf(stage, chunk) }
  const forward = optimizeForward(stage.graph, cpu, chunked).graph
  const { graph } = optimize(differentiate({ ...stage, graph: forward }, cpu).full, cpu, chunked)
  assertValid(graph)
  return parametersAsInputs(graph)
}

describe('a step of the paper in small', () => {
  const stage = stageOf(program)

  it('is what it was: loss and gradients, pairs at once and in chunks', async () => {
    const written = parametersAsInputs(differentiate(stage, cpu).full)
    const feeds = randomFeeds(written)
    const expected = await outputsOf(written, feeds)
    for (const chunk of [null, 1]) {
      const step = stepOf(stage, chunk)
      expect(nodesOf(step).some((n) => n.op === 'Loop')).toBe(chunk !== null)
      expect(difference(expected, await outputsOf(step, feeds)), `chunk ${chunk}`).toBeLessThan(2e-5)
    }
  })

  it('reads the vector at one place per layer, a row per picture', () => {
    const { graph, report } = optimizeForward(stage.graph, cpu, context)
    const found = report.find((r) => r.pass === 'cancel-shifts')
    // Two down, one in the middle, four up; the pairs and the positives.
    const layers = new Set(
      graph.nodes.flatMap((n) =>
        n.inputs.flatMap((v) =>
          v?.source.kind === 'parameter' && v.source.path.includes('attn2.to_v') ? [v.source.path] : [],
        ),
      ),
    )
    expect(found).toMatchObject({ changed: 2 * layers.size, refusals: [] })
    for (const path of layers) {
      expect(partners(graph, path.replace('to_v', 'to_k')).map(readsData), path).toEqual([false])
      const data = partners(graph, path).filter(readsData)
      expect(
        data.map((v) => v.type.shape[0]),
        path,
      ).toEqual([3, 3])
    }
  })
})
