import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { type DType, elementCount, formatType, isFloat, tensor } from '../graph/types.js'
import type { LanguageFunction, LanguageParameter } from './language.js'
import { TypeMismatch } from './operator.js'
import { checkConstantSize } from './_types.js'

/** Functions of the language that make constants or combine operators, and so belong to none. */

const size = (n: number): number => {
  if (!Number.isInteger(n) || n < 0) throw new TypeMismatch(`a size is a whole number from 0 on, not ${n}`)
  return n
}

/** Small ones stand in the file as they are, large ones are expanded from one number. */
function filled(b: Builder, shape: readonly number[], value: number, dtype: DType): Value {
  const count = elementCount(shape.map(size))
  if (!isFloat(dtype) && !Number.isInteger(value)) throw new TypeMismatch(`${dtype} cannot hold ${value}`)
  if (count > 4096) return b.expand(b.scalar(value, dtype), shape)
  return b.constant(tensor(dtype, shape, new Float64Array(count).fill(value)))
}

function square(
  b: Builder,
  name: string,
  n: number,
  dtype: DType,
  f: (i: number, j: number) => number,
): Value {
  checkConstantSize(name, size(n) ** 2)
  const data = Array.from({ length: n * n }, (_, k) => f(Math.floor(k / n), k % n))
  return b.constant(tensor(dtype, [n, n], data))
}

const shapeAndType: readonly LanguageParameter[] = [
  { name: 'shape', kind: 'ints' },
  { name: 'dtype', kind: 'dtype', default: 'f32' },
]

export const constantFunctions: readonly LanguageFunction[] = [
  {
    name: 'zeros',
    doc: 'A tensor of zeros.',
    parameters: shapeAndType,
    build: (b, args) => filled(b, args.ints('shape'), 0, args.dtype('dtype')),
  },
  {
    name: 'ones',
    doc: 'A tensor of ones.',
    parameters: shapeAndType,
    build: (b, args) => filled(b, args.ints('shape'), 1, args.dtype('dtype')),
  },
  {
    name: 'full',
    doc: 'A tensor of one number.',
    parameters: [
      { name: 'shape', kind: 'ints' },
      { name: 'value', kind: 'float' },
      { name: 'dtype', kind: 'dtype', default: 'f32' },
    ],
    build: (b, args) => filled(b, args.ints('shape'), args.float('value'), args.dtype('dtype')),
  },
  {
    name: 'arange',
    doc: '0, 1, ..., n-1.',
    parameters: [
      { name: 'n', kind: 'int' },
      { name: 'dtype', kind: 'dtype', default: 'i64' },
    ],
    build: (b, args) => {
      const n = size(args.int('n'))
      checkConstantSize('arange', n)
      return b.constant(
        tensor(
          args.dtype('dtype'),
          [n],
          Array.from({ length: n }, (_, i) => i),
        ),
      )
    },
  },
  {
    name: 'eye',
    doc: 'A bool matrix [n, n] that is true on its diagonal.',
    parameters: [{ name: 'n', kind: 'int' }],
    build: (b, args) => square(b, 'eye', args.int('n'), 'bool', (i, j) => Number(i === j)),
  },
  {
    name: 'causal_mask',
    doc: 'A matrix [n, n] to add to attention scores: 0 on and below the diagonal, -1e30 above it.',
    parameters: [{ name: 'n', kind: 'int' }],
    // Finite, so that a difference of two masked scores is a number.
    build: (b, args) => square(b, 'causal_mask', args.int('n'), 'f32', (i, j) => (j > i ? -1e30 : 0)),
  },
  {
    name: 'constant',
    doc: 'A tensor of static numbers: a number, a list or lists of lists. Whole numbers alone give i64, others f32.',
    parameters: [{ name: 'values', kind: 'values' }],
    build: (_, args) => args.tensor('values'),
  },
  {
    name: 'diagonal',
    doc: 'The diagonal of the first two axes, which have one size: [n, n, ...] gives [n, ...].',
    parameters: [{ name: 'x', kind: 'tensor' }],
    build: (b, args) => diagonal(b, args.tensor('x')),
  },
]

/** Among the n * n flat rows the diagonal is every (n + 1)-th. */
function diagonal(b: Builder, x: Value): Value {
  const [n, m, ...rest] = x.type.shape
  if (n === undefined || n !== m)
    throw new TypeMismatch(`diagonal wants two first axes of one size, not ${formatType(x.type)}`)
  return b.slice(b.reshape(x, [n * n, ...rest]), 0, 0, n * n, n + 1)
}
