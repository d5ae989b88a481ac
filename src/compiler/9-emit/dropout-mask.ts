import type { onnx as Onnx } from 'onnx-proto'
import type { Node } from '../../graph/graph.js'
import { dataType } from '../../onnx/element-types.js'
import { number, numbers } from '../../ops/_attributes.js'
import { squaresBound } from '../../ops/_squares.js'

/** TensorProto.DataType of uint64. */
const uint64 = 13

/**
 * DropoutMask as operators on uint64, which graphs of the compiler do not hold: squares32 of every counter. Halves of
 * words change places by a division and a product, since not every device shifts bits. The bound is compared with
 * the upper half of the last word. The tables that the operators read go to `tables`; masks of one shape share theirs.
 */
export function writeMask(
  node: Node,
  name: string,
  key: string,
  mask: string,
  tables: Map<string, Onnx.ITensorProto>,
): readonly Onnx.INodeProto[] {
  const shape = numbers(node.attributes, 'shape')
  const width = shape.at(-1) ?? 1
  const rows = shape.slice(0, -1).reduce((product, d) => product * d, 1)
  const nodes: Onnx.INodeProto[] = []
  const table = (of: string, dims: readonly number[], values: () => readonly bigint[]): string => {
    const tableName = `squares/${of}`
    if (!tables.has(tableName)) {
      const rawData = new Uint8Array(BigUint64Array.from(values()).buffer)
      tables.set(tableName, { name: tableName, dataType: uint64, dims: [...dims], rawData })
    }
    return tableName
  }
  const op = (opType: string, input: readonly string[], rest: Onnx.INodeProto = {}): string => {
    const output = `${name}.${nodes.length}`
    nodes.push({ name: output, opType, input: [...input], output: [output], ...rest })
    return output
  }
  const part = (start: string, end: string): string =>
    op('Slice', [words, indexTable(tables, start), indexTable(tables, end)])

  const words = op('Cast', [key], { attribute: [{ name: 'to', type: 2, i: uint64 }] })
  const half = table('2^32', [1], () => [2n ** 32n])
  const whole = op('Add', [part('0', '1'), op('Mul', [part('1', '2'), half])])
  const odd = op('Add', [op('Add', [whole, whole]), table('1', [1], () => [1n])])

  const starts = table(`rows/${shape.join('x')}`, shape.length === 0 ? [1] : [...shape.slice(0, -1), 1], () =>
    Array.from({ length: rows }, (_, i) => BigInt(i) * BigInt(width)),
  )
  const columns = table(`columns/${width}`, [width], () => Array.from({ length: width }, (_, i) => BigInt(i)))
  const y = op('Add', [op('Mul', [starts, odd]), op('Mul', [columns, odd])])
  const z = op('Add', [y, odd])
  const squared = (x: string, plus: string): string => op('Add', [op('Mul', [x, x]), plus])
  const turned = (x: string): string => op('Add', [op('Div', [x, half]), op('Mul', [x, half])])
  const last = squared(turned(squared(turned(squared(turned(squared(y, y)), z)), y)), z)
  // kept where last >= bound * 2^32, that is where bound * 2^32 - 1 < last
  const bound = squaresBound(number(node.attributes, 'rate'))
  const below = table(`below/${bound}`, [1], () => [(bound << 32n) - 1n])
  op('Less', [below, last], { name, output: [mask] })
  return nodes
}

/** A place on an axis as Slice takes it. */
function indexTable(tables: Map<string, Onnx.ITensorProto>, index: string): string {
  const name = `squares/at/${index}`
  const rawData = new Uint8Array(BigInt64Array.of(BigInt(index)).buffer)
  tables.set(name, { name, dataType: dataType.i64, dims: [1], rawData })
  return name
}
