import { describe, expect, it } from 'vitest'
import { layOut } from '../../src/compiler/8-schedule/layout.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { readModel } from '../../src/onnx/protobuf.js'
import type { Graph } from '../../src/graph/graph.js'
import { compile } from '../../src/compiler/index.js'
import { requestOf } from '../check/analyze.js'
import { difference, outputsOf } from '../optimize/compare.js'
import { randomGraph } from '../optimize/random-graph.js'
import { mlpStep } from './graphs.js'
import { randomFeeds } from './profile.js'
import { quickstartStep } from './quickstart-step.js'

async function changeOf(graph: Graph): Promise<number> {
  const laid = layOut(graph)
  const feeds = randomFeeds(laid.graph)
  const plain = await outputsOf(laid.graph, feeds)
  return difference(plain, await outputsOf(laid.graph, feeds, { places: laid.places() }))
}

describe('memory that the compiler gives to results', () => {
  it('changes no bit of random graphs', { timeout: 600_000 }, async () => {
    for (let seed = 0; seed < 60; seed++) expect(await changeOf(randomGraph(seed)), `seed ${seed}`).toBe(0)
  })

  it('changes no bit of steps', { timeout: 600_000 }, async () => {
    expect(await changeOf(mlpStep({ layers: 6, batch: 512, width: 32 }))).toBe(0)
    expect(await changeOf(quickstartStep())).toBe(0)
    expect(await changeOf(quickstartStep({ rows: 2 }))).toBe(0)
  })

  it('stands in the files that are compiled', () => {
    const { artefact, diagnostics } = compile(
      requestOf(`
use std.nn { Linear }
pipeline p {
  model net = Linear(128, 128)
  let x = draw normal of [64, 128]
  stage s { train net; minimize mean(square(reshape(net(x), [128, 64]))); optimizer sgd(lr = 0.1); steps 1 }
}`),
    )
    expect(diagnostics).toEqual([])
    const [stage] = artefact?.manifest.stages[0]?.updates ?? []
    const bytes = artefact?.files.get(stage?.graphs.step.file ?? '') ?? new Uint8Array()
    const model = readModel(bytes).graph
    const inputs = new Set(model?.input?.map((v) => v.name))
    const shapes = model?.node?.filter((n) => n.opType === 'Reshape').map((n) => n.input?.[1] ?? '') ?? []
    expect(shapes.length).toBeGreaterThan(0)
    expect(shapes.filter((name) => !inputs.has(name))).toEqual([])
    const firsts = model?.valueInfo?.map((v) => v.type?.tensorType?.shape?.dim?.[0]?.dimParam ?? '') ?? []
    expect(firsts.length).toBeGreaterThan(2)
  })

  it('leaves onnxruntime no size of a result to go by but those of results in one place', () => {
    const { graph, places } = layOut(quickstartStep())
    const model = readModel(emit(graph, { places: places() })).graph
    const inputs = new Set(model?.input?.map((v) => v.name))
    const shapes = model?.node?.filter((n) => n.opType === 'Reshape').map((n) => n.input?.[1])
    expect(shapes?.length).toBeGreaterThan(100)
    expect(shapes?.filter((name) => !inputs.has(name))).toEqual([])
    const firsts = model?.valueInfo?.map((v) => v.type?.tensorType?.shape?.dim?.[0]?.dimParam ?? '') ?? []
    expect(firsts.length).toBeGreaterThan(500)
    expect(firsts.every((first) => first !== '')).toBe(true)
    // what is written over an operand has that one's name
    expect(new Set(firsts).size).toBeLessThan(firsts.length - 50)
  })
})
