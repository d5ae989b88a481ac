import { describe, expect, it } from 'vitest'
import { expandGradients } from '../../src/compiler/6-differentiate/expand.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { Builder } from '../../src/graph/builder.js'
import type { Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, formatType, tensor } from '../../src/graph/types.js'
import { verify } from '../../src/graph/verify.js'
import { readModel, translate } from '../../src/onnx/index.js'
import { tensorValues } from '../../src/onnx/tensor.js'
import { file, node, tensorInfo, weight } from './build.js'
import { networks, openNetwork } from './fixtures.js'

/** Largest difference relative to the largest value; a bias of keys has the gradient 0, as float noise on both sides. */
function distance(got: Tensor, wanted: Tensor): number {
  expect(formatType(got)).toBe(formatType(wanted))
  const scale = wanted.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3)
  return got.data.reduce((m, v, i) => Math.max(m, Math.abs(v - (wanted.data[i] ?? NaN))), 0) / scale
}

const noExternal = (): never => {
  throw new Error('nothing is external')
}

describe.each(networks)('%s', (name) => {
  it('has the outputs and gradients of PyTorch', async () => {
    const network = await openNetwork(name)
    const model = readModel(network.bytes)
    const pixels = await network.tensor('pixels')
    const b = new Builder()
    const x = b.input('pixels', pixels)
    const parameters = new Map<string, Value>()
    const outputs = translate(model, b, [x], (path, type) => {
      const value = b.input(path, type)
      parameters.set(path, value)
      return value
    })
    expect(model.outputs).toEqual(network.outputs)

    const values = new Map<string, Tensor>([['pixels', pixels]])
    for (const t of model.parameters) {
      values.set(t.name, tensorValues(t, noExternal))
    }
    let loss = b.scalar(0)
    for (const [k, output] of outputs.entries()) {
      const r = await network.tensor(`weight/${network.outputs[k]}`)
      const all = output.type.shape.map((_, axis) => axis)
      loss = b.add(loss, b.sum(b.mul(output, b.constant(r)), all))
    }
    const trained = network.names('initializer/')
    const gradients = ['pixels', ...trained].map((path) => {
      const at = path === 'pixels' ? x : parameters.get(path)
      if (!at) throw new Error(`no parameter ${path}`)
      return { name: `gradient/${path}`, value: b.op('Gradient', [loss, at]) }
    })
    const graph = expandGradients(
      b.finish('test', [
        ...outputs.map((value, k) => ({ name: `output/${network.outputs[k]}`, value })),
        ...gradients,
      ]),
    )
    verify(graph)
    const results = interpret(graph, ({ source }) => {
      const known = source.kind === 'input' ? values.get(source.name) : undefined
      if (!known) throw new Error('unknown input')
      return known
    })
    for (const [k, { name: key }] of graph.outputs.entries()) {
      const wanted = await network.tensor(
        key.replace('gradient/', key === 'gradient/pixels' ? 'gradient/' : 'initializer/'),
      )
      const got = results[k]
      if (!got) throw new Error(`no ${key}`)
      expect({ key, distance: distance(got, wanted) }).toEqual({ key, distance: expect.closeTo(0, 5) })
    }
    // every weight of the file that is a parameter in PyTorch has been compared, most of them at least
    expect(trained.length).toBeGreaterThanOrEqual(model.parameters.length - 4)
    expect(emit(graph).length).toBeGreaterThan(0)
  })
})

// PyTorch's convention, which the language's own `relu` has too (test/parity/conventions.test.ts).
it('a Relu of a file has slope 0 at 0', () => {
  const model = readModel(
    file({
      node: [node('Mul', ['x', 'w'], ['a']), node('Relu', ['a'], ['y'])],
      initializer: [weight('w', [3], [0, 0, 0])],
      output: [tensorInfo('y', ['n', 3])],
    }),
  )
  const b = new Builder()
  let w: Value | undefined
  const x = b.constant(tensor('f32', [2, 3], [1, 1, 1, 1, 1, 1]))
  const [y] = translate(model, b, [x], (path, type) => (w = b.input(path, type)))
  if (!y || !w) throw new Error('no y')
  const gradient = b.op('Gradient', [b.sum(y, [0, 1]), w])
  const graph = expandGradients(b.finish('test', [{ name: 'gradient', value: gradient }]))
  const [got] = interpret(graph, () => tensor('f32', [3], [0, 0, 0]))
  expect([...(got?.data ?? [])]).toEqual([0, 0, 0])
})
