import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { differentiate } from '../../src/compiler/6-differentiate/step.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import type { Optimised } from '../../src/compiler/passes/run.js'
import { type OptimizedUpdate, optimizeUpdate } from '../../src/compiler/7-optimize/stage.js'
import { analyze } from '../../src/compiler/index.js'
import { costOf } from '../../src/compiler/8-schedule/cost.js'
import type { Graph, Node, Value } from '../../src/graph/graph.js'
import { operands } from '../../src/graph/rewrite.js'
import { roleOf } from '../../src/graph/roles.js'
import { sameShape } from '../../src/graph/types.js'

/*
 * Aim: the work that only a compiler of the whole pipeline can remove is gone from the paper's pipeline at its real
 * size, ViT-L/14 and Stable Diffusion 2.1-base with 16 pictures. Nothing runs: graphs and FLOPs are compared.
 */

const context = {}
const root = fileURLToPath(new URL('../../pipelines', import.meta.url))
const [n, side] = [16, 28]
/** Predictions of the UNet in a step: for every pair, and for the augmented pictures. */
const predictions = n * n + n
const tera = 1e12

let written: Graph
let forward: Optimised
let stage: OptimizedUpdate

beforeAll(() => {
  const { lowered } = analyze({
    entry: 'dcr.dcr',
    files: { read: (path) => readFileSync(join(root, path), 'utf8') },
  })
  const align = lowered?.stages.find((s) => s.name === 'align')?.updates[0]
  if (!align) throw new Error('dcr.dcr has no stage align')
  written = align.graph
  forward = optimizeForward(written, cpu, context)
  stage = optimizeUpdate(differentiate({ ...align, graph: forward.graph }, cpu), cpu, context)
}, 180_000)

const isParameter = (value: Value | null, path: RegExp): boolean =>
  value?.source.kind === 'parameter' && value.source.model === 'unet' && path.test(value.source.path)

/** The nodes that read a parameter of the UNet. */
const readers = (graph: Graph, path: RegExp): readonly Node[] =>
  graph.nodes.filter((node) => node.inputs.some((v) => isParameter(v, path)))

/** Rows of pictures in what these nodes make, when a picture has so many rows of a matrix product. */
const pictures = (nodes: readonly Node[], perPicture: number): readonly number[] =>
  nodes.map((node) => (node.outputs[0]?.type.shape[0] ?? 0) / perPicture)

/** Values computed from what is fed at a step. */
function fedValues(graph: Graph): ReadonlySet<Value> {
  const isPrologue = (v: Value): boolean => roleOf(v)?.kind === 'prologue'
  const fed = new Set(graph.inputs.filter((v) => !isPrologue(v)))
  for (const node of graph.nodes)
    if (operands(node).some((v) => fed.has(v))) for (const output of node.outputs) fed.add(output)
  return fed
}

const first = /^down_blocks\.0\.attentions\.0\.transformer_blocks\.0\./
const flops = (graph: Graph): number => costOf(graph).flops

describe('the paper at full size', () => {
  it('computes what depends on the noisy picture alone for 16 pictures, not for 272', () => {
    const { graph } = forward
    const tokens = side * side
    const before = [/^conv_in\.weight/, /^down_blocks\.0\.resnets\.0\.conv[12]\.weight/]
    for (const path of before) {
      const made = readers(graph, path).map((node) => node.outputs[0]?.type.shape)
      expect(made.map((shape) => shape?.[0])).toEqual(made.map(() => n))
    }
    for (const name of ['attn1.to_q', 'attn1.to_v', 'attn1.to_out.0', 'attn2.to_q', 'attn2.to_out.0']) {
      const path = new RegExp(`${first.source}${name.replaceAll('.', '\\.')}\\.weight`)
      // The part of the vector, one row per picture, passes through attn2.to_out as well.
      const large = readers(graph, path).filter((node) => (node.outputs[0]?.type.shape[0] ?? 0) > n)
      expect(pictures(large, tokens), name).toEqual([n])
    }
    // Embeddings of times, all through the network.
    const times = readers(graph, /time_emb_proj\.weight$/)
    expect(times.length).toBeGreaterThanOrEqual(22)
    expect(new Set(pictures(times, 1))).toEqual(new Set([n]))
    // From the condition on there are all predictions.
    const after = readers(graph, new RegExp(`${first.source}ff\\.net\\.2\\.weight`))
    expect(pictures(after, tokens).toSorted((a, b) => a - b)).toEqual([n, n * n])
  })

  it('has the keys and values of the prompt once, before training, and a row per picture beside them', () => {
    const found = forward.report.find((r) => r.pass === 'cancel-shifts')
    // 16 layers of cross-attention, for the pairs and for the augmented pictures.
    expect(found).toMatchObject({ changed: 32, refusals: [] })
    const { step, prologue } = stage
    expect(readers(step, /attn2\.to_k\.weight$/)).toEqual([])
    const keys = readers(prologue ?? step, /attn2\.to_k\.weight$/)
    expect(keys.map((node) => node.outputs[0]?.type.shape[0])).toEqual(Array.from({ length: 16 }, () => 77))
    // Forward for the pictures and for the augmented ones, and back.
    const values = readers(step, /attn2\.to_v\.weight$/)
    expect(values.length).toBe(16 * 4)
    expect(new Set(pictures(values, 1))).toEqual(new Set([n]))
    // The encoder of the prompt.
    const reads = (graph: Graph): boolean =>
      graph.nodes.some((node) =>
        node.inputs.some((v) => v?.source.kind === 'parameter' && v.source.model === 'text'),
      )
    expect([reads(step), prologue && reads(prologue)]).toEqual([false, true])
  })

  it('computes 2.3 TFLOP fewer on the way forward', () => {
    const saved = flops(written) - flops(forward.graph)
    // By hand, from the widths of SD 2.1: what stands before the first cross-attention, and keys and values of 77
    // tokens in all 16 layers, for the predictions that need not have their own.
    const width = { conv_in: 4 * 9 * 320, resnet: 2 * 9 * 320 ** 2, linear: 320 ** 2 }
    // proj_in; q, k, v and out of self-attention; q of cross-attention; products of queries, keys and values
    const prefix = side ** 2 * (width.conv_in + width.resnet + 6 * width.linear) + 2 * side ** 4 * 320
    const channels = [320, 320, 640, 640, 1280, 1280, 1280, 1280, 1280, 1280, 640, 640, 640, 320, 320, 320]
    const keysAndValues = channels.reduce((sum, c) => sum + 2 * 77 * 1024 * c, 0)
    const expected = 2 * (prefix * (predictions - n) + keysAndValues * (predictions - 1))
    expect(saved / tera).toBeGreaterThan(expected / tera)
    expect(saved / tera).toBeLessThan(1.1 * (expected / tera))
  })

  it('builds no gradient of a frozen weight', () => {
    const fed = fedValues(stage.step)
    const weights = new Map<string, readonly number[]>()
    for (const node of written.nodes)
      for (const v of node.inputs)
        if (v?.source.kind === 'parameter' && v.source.model === 'unet' && v.type.shape.length === 4)
          weights.set(v.source.path, v.type.shape)
    expect(weights.size).toBeGreaterThan(60)
    const shapes = [...weights.values()]
    const like = stage.step.nodes.filter((node) =>
      node.outputs.some((v) => fed.has(v) && shapes.some((shape) => sameShape(shape, v.type.shape))),
    )
    expect(like.map((node) => node.op)).toEqual([])
    // Backward costs what forward does, less the prefix and what only the forward pass needs: no weight gradients,
    // which would add as much again.
    const ratio = flops(stage.step) / flops(forward.graph)
    expect(ratio).toBeGreaterThan(1.7)
    expect(ratio).toBeLessThan(2)
  })

  it('takes flipped weights from the prologue, and moves no frozen weight in a step', () => {
    const graph = stage.step
    const movers = new Set(['Transpose', 'Slice', 'Cast', 'Gather', 'Concat'])
    const moved = graph.nodes.filter(
      (node) =>
        movers.has(node.op) &&
        node.inputs.some((v) => v?.source.kind === 'parameter' && v.type.shape.length > 1),
    )
    // Tables of embeddings are read by row.
    expect(moved.filter((node) => node.op !== 'Gather').map((node) => node.op)).toEqual([])
    const flipped = new Set(
      graph.nodes.flatMap((node) => {
        const weight = node.op === 'Conv' ? node.inputs[1] : null
        return weight?.source.kind === 'input' ? [weight] : []
      }),
    )
    // All convolutions behind the first cross-attention but those that halve a picture.
    expect(flipped.size).toBe(60)
    expect([...flipped].every((weight) => roleOf(weight)?.kind === 'prologue')).toBe(true)
    expect(graph.nodes.filter((node) => node.op === 'ConvTranspose').length).toBeLessThanOrEqual(6)
  })
})
