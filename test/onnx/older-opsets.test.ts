import type { onnx as Onnx } from 'onnx-proto'
import { describe, expect, it } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { type Tensor, tensor } from '../../src/graph/types.js'
import { checkSupported, readModel, translate } from '../../src/onnx/index.js'
import { tensorValues } from '../../src/onnx/tensor.js'
import { SampleRandom } from '../../src/ops/sample.js'
import * as ort from '../../src/runtime/onnxruntime.js'
import { runOnOnnxruntime } from '../ops/onnxruntime.js'
import { relativeError } from '../ops/differences.js'
import { file, intAttribute, integers, intsAttribute, node, tensorInfo, weight } from './build.js'

/*
 * Aim: an operator is read as the opset of its file has it. onnxruntime runs the file itself; what is read of it,
 * emitted anew, must compute the same.
 */

const text = (name: string, value: string): Onnx.IAttributeProto => ({
  name,
  type: 3,
  s: new TextEncoder().encode(value),
})
const float = (name: string, f: number): Onnx.IAttributeProto => ({ name, type: 1, f })
const floats = (name: string, values: number[]): Onnx.IAttributeProto => ({ name, type: 6, floats: values })

interface Older {
  readonly opset: number
  readonly node: Onnx.INodeProto
  readonly shape: readonly number[]
  readonly initializer?: Onnx.ITensorProto[]
}

const of = (
  opset: number,
  op: string,
  shape: readonly number[],
  attribute: Onnx.IAttributeProto[] = [],
  initializer: Onnx.ITensorProto[] = [],
): Older => ({
  opset,
  node: node(op, ['x', ...initializer.map((t) => t.name ?? '')], ['y'], attribute),
  shape,
  initializer,
})

const cases: readonly (readonly [string, Older])[] = [
  ['Softmax over all axes from the second on', of(11, 'Softmax', [2, 3, 4])],
  ['Softmax from another axis on', of(12, 'Softmax', [2, 3, 4], [intAttribute('axis', 2)])],
  ['LogSoftmax', of(9, 'LogSoftmax', [2, 3, 4], [intAttribute('axis', 0)])],
  ['Hardmax', of(11, 'Hardmax', [3, 2, 4])],
  ['Clip with attributes', of(7, 'Clip', [4, 5], [float('min', -0.3), float('max', 0.4)])],
  ['Clip with one attribute', of(10, 'Clip', [4, 5], [float('max', 0.1)])],
  [
    'Pad with attributes',
    of(
      10,
      'Pad',
      [2, 3],
      [intsAttribute('pads', [1, 0, 0, 2]), float('value', 1.5), text('mode', 'constant')],
    ),
  ],
  [
    'Slice with attributes',
    of(9, 'Slice', [5, 6], [intsAttribute('starts', [1, -3]), intsAttribute('ends', [4, 1000])]),
  ],
  ['Squeeze with an attribute', of(12, 'Squeeze', [3, 1, 2], [intsAttribute('axes', [1])])],
  ['Unsqueeze with an attribute', of(7, 'Unsqueeze', [3, 2], [intsAttribute('axes', [0, 2])])],
  ['ReduceSum with an attribute', of(11, 'ReduceSum', [3, 2], [intsAttribute('axes', [1])])],
  ['ReduceMean with an attribute', of(17, 'ReduceMean', [3, 2], [intsAttribute('axes', [-1])])],
  ['Dropout', of(9, 'Dropout', [3, 2], [float('ratio', 0.5)])],
  [
    'Upsample with an attribute, the nearest',
    of(7, 'Upsample', [1, 1, 3, 2], [floats('scales', [1, 1, 2, 3])]),
  ],
  [
    'Upsample, linear',
    of(9, 'Upsample', [1, 1, 3, 2], [text('mode', 'linear')], [weight('s', [4], [1, 1, 2, 2])]),
  ],
  ['Resize, larger', of(10, 'Resize', [1, 1, 3, 4], [], [weight('s', [4], [1, 1, 2, 1.5])])],
  ['Resize, smaller', of(10, 'Resize', [1, 1, 5, 7], [], [weight('s', [4], [1, 1, 0.6, 0.6])])],
  [
    'Resize, linear',
    of(10, 'Resize', [1, 1, 3, 4], [text('mode', 'linear')], [weight('s', [4], [1, 1, 2, 2])]),
  ],
  [
    'BatchNormalization',
    of(
      8,
      'BatchNormalization',
      [2, 3, 2, 2],
      [float('epsilon', 1e-3)],
      ['g', 'b', 'm', 'v'].map((name, k) => weight(name, [3], [0.5 + k, 1, 1.5])),
    ),
  ],
  ['Flatten', of(7, 'Flatten', [2, 3, 4], [intAttribute('axis', 2)])],
  ['Reshape', of(8, 'Reshape', [2, 6], [], [integers('s', [0, 2, -1])])],
]

async function original(bytes: Uint8Array, x: Tensor): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: 'disabled' })
  const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.from(x.data), x.shape) })
  await session.release()
  if (!y) throw new Error('no result')
  return y
}

function fileOf({ opset, node: only, shape, initializer = [] }: Older): Uint8Array {
  const graph = {
    node: [only],
    input: [tensorInfo('x', shape)],
    output: [{ name: 'y', type: {} }],
    initializer,
  }
  const output = [{ name: 'y', type: { tensorType: { elemType: 1 } } }]
  return file({ ...graph, output }, { irVersion: 7, opsetImport: [{ domain: '', version: opset }] })
}

async function read(bytes: Uint8Array, x: Tensor): Promise<Tensor> {
  const model = readModel(bytes, { check: checkSupported })
  const b = new Builder()
  const input = b.input('x', { dtype: 'f32', shape: x.shape })
  const none = (): never => {
    throw new Error('nothing is external')
  }
  const values = new Map(model.parameters.map((p) => [p.name, tensorValues(p, none)]))
  const [y] = translate(model, b, [input], (name) => b.constant(values.get(name) ?? none()))
  if (!y) throw new Error('no result')
  const [result] = await runOnOnnxruntime(b.finish('g', [{ name: 'y', value: y }]), new Map([[input, x]]))
  if (!result) throw new Error('no result')
  return result
}

describe('operators as older opsets have them', () => {
  it.each(cases)('%s', async (_, older) => {
    const bytes = fileOf(older)
    const x = new SampleRandom(1).tensor(older.shape)
    const [wanted, own] = [await original(bytes, x), await read(bytes, x)]
    expect(own.shape).toEqual(wanted.dims)
    expect(relativeError(own.data, wanted.data as Float32Array)).toBeLessThan(1e-6)
  })

  it('TopK with an attribute', async () => {
    const only = node('TopK', ['x'], ['y', 'i'], [intAttribute('k', 2), intAttribute('axis', 1)])
    const bytes = fileOf({ opset: 9, node: only, shape: [3, 4] })
    const x = tensor('f32', [3, 4], [1, 3, 2, 0, -1, -3, 5, 4, 0.5, 0.25, 0.75, 1])
    expect((await read(bytes, x)).data).toEqual(Float64Array.of(3, 2, 5, 4, 1, 0.75))
    expect((await original(bytes, x)).data).toEqual(Float32Array.of(3, 2, 5, 4, 1, 0.75))
  })
})

describe('If takes a branch', () => {
  const branch = (op: string, input: string): Onnx.IGraphProto => ({
    name: op,
    node: [node(op, [input], [`${op}_out`])],
    output: [tensorInfo(`${op}_out`, ['n'])],
  })

  it('when its condition follows from shapes', async () => {
    const nodes = [
      node('Shape', ['x'], ['shape']),
      node('Size', ['shape'], ['rank']),
      node('Equal', ['rank', 'two'], ['flat']),
      node(
        'If',
        ['flat'],
        ['y'],
        [
          { name: 'then_branch', type: 5, g: branch('Neg', 'x') },
          { name: 'else_branch', type: 5, g: branch('Exp', 'x') },
        ],
      ),
    ]
    const two = { ...integers('two', [2]), dims: [] }
    const bytes = (rank: number): Uint8Array =>
      file({
        node: nodes,
        initializer: [two],
        input: [tensorInfo('x', [2, 1, 1].slice(0, rank))],
        output: [{ name: 'y', type: { tensorType: { elemType: 1 } } }],
      })
    const [flat, deep] = [tensor('f32', [2, 1], [1, 2]), tensor('f32', [2, 1, 1], [1, 2])]
    expect((await read(bytes(2), flat)).data).toEqual(Float64Array.of(-1, -2))
    expect((await original(bytes(2), flat)).data).toEqual(Float32Array.of(-1, -2))
    expect((await read(bytes(3), deep)).data[1]).toBeCloseTo(Math.exp(2), 5)
  })
})
