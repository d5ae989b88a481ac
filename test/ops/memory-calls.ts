import { Builder } from '../../src/graph/builder.js'
import type { Attributes, Graph, Value } from '../../src/graph/graph.js'
import type { DType } from '../../src/graph/types.js'

/** A node on large operands that other nodes make. */
type Call = (b: Builder, big: (shape: readonly number[], dtype?: DType) => Value) => Value

const windows = (stride: number, pad: number): Attributes => ({
  strides: [stride, stride],
  pads: [pad, pad, pad, pad],
  dilations: [1, 1],
  group: 1,
})
const square = [4096, 4096]

/** Operators of several operands, in ways in which their kernels could need room of their own. */
export const calls: Readonly<Record<string, Call>> = {
  'where of three': (b, big) => b.where(big(square, 'bool'), big(square), big(square)),
  'where of a number': (b, big) => b.where(big(square, 'bool'), big(square), b.scalar(0)),
  'where of a row of conditions': (b, big) => b.where(big([4096], 'bool'), big(square), b.scalar(0)),
  'where of a column of conditions': (b, big) => b.where(big([4096, 1], 'bool'), big(square), big(square)),
  'a product': (b, big) => b.matmul(big(square), big(square)),
  'a product of stacks': (b, big) => b.matmul(big([16, 1024, 1024]), big([16, 1024, 1024])),
  'a turned product': (b, big) =>
    b.op('Gemm', [big(square), big(square), big([4096])], { transA: 1, transB: 1, alpha: 1, beta: 1 }),
  'a convolution': (b, big) =>
    b.op('Conv', [big([8, 64, 128, 128]), big([64, 64, 3, 3]), null], windows(1, 1)),
  patches: (b, big) => b.op('Conv', [big([64, 3, 224, 224]), big([384, 3, 16, 16]), null], windows(16, 0)),
  'a transposed convolution': (b, big) =>
    b.op('ConvTranspose', [big([8, 64, 128, 128]), big([64, 64, 3, 3]), null], {
      ...windows(2, 1),
      output_padding: [1, 1],
    }),
  'a layer norm': (b, big) =>
    b.op('LayerNormalization', [big([16384, 1024]), big([1024]), big([1024])], { axis: -1, epsilon: 1e-5 }),
  'a sum over the middle': (b, big) => b.sum(big([256, 64, 1024]), [1]),
  'a sum over the ends': (b, big) => b.sum(big([256, 64, 1024]), [0, 2]),
  'a largest over the ends': (b, big) =>
    b.op('ReduceMax', [big([256, 64, 1024]), b.ints([0, 2])], { keepdims: 0 }),
  'a transpose': (b, big) => b.transpose(big(square), [1, 0]),
  'a slice from the end': (b, big) => b.slice(big(square), 0, 4095, -5000, -1),
  padding: (b, big) => b.op('Pad', [big(square), b.ints([1, 1, 1, 1])], { mode: 'reflect' }),
  'elements by index': (b, big) =>
    b.op('GatherElements', [big(square), b.expand(b.ints([1]), square)], { axis: 1 }),
  'elements added by index': (b, big) =>
    b.op('ScatterElements', [big(square), b.expand(b.ints([1]), square), big(square)], {
      axis: 1,
      reduction: 'add',
    }),
  'rows added by index': (b, big) =>
    b.op('ScatterND', [big(square), b.expand(b.ints([1]), [4096, 1]), big(square)], { reduction: 'add' }),
}

/** A graph of one call; its operands are read by nothing else, of its result one element is left. */
export function graphOf(name: string): Graph {
  const b = new Builder()
  const inputs = new Map<DType, Value>()
  const big = (shape: readonly number[], dtype: DType = 'f32'): Value => {
    const x = inputs.get(dtype) ?? b.input(dtype, { dtype, shape: [1] })
    inputs.set(dtype, x)
    return b.expand(x, shape)
  }
  const call = calls[name]
  if (!call) throw new Error(`no call ${name}`)
  const y = call(b, big)
  return b.finish('call', [{ name: 'y', value: b.slice(y, 0, 0, 1) }])
}
