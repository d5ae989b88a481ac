import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { elementCount, formatType, tensor } from '../graph/types.js'
import { checkConstantSize } from './_types.js'
import { TypeMismatch } from './operator.js'

/** The axes of each operand and of the result by name; '...' stands for any number of axes. */
export interface Equation {
  readonly text: string
  readonly terms: readonly (readonly string[])[]
  /** Absent: the names that occur once, in alphabetical order. */
  readonly result: readonly string[] | undefined
}

/** Names stand apart by spaces. Where no term has a space inside, each letter is a name, as in ONNX. */
export function parseEquation(text: string): Equation {
  const sides = text.split('->').map((side) => side.split(',').map((term) => term.trim()))
  const words = sides.flat().some((term) => /\s/.test(term))
  const read = (term: string): string[] => {
    const names = words ? term.split(/\s+/).filter((n) => n !== '') : (term.match(/\.\.\.|./g) ?? [])
    const wrong = names.some((n) => n !== '...' && !/^[a-zA-Z_]\w*$/.test(n))
    if (wrong || names.filter((n) => n === '...').length > 1)
      throw new TypeMismatch(
        `einsum cannot read "${text}"`,
        'an equation is like "row k, k column -> row column"',
      )
    return names
  }
  const [operands = [], result, ...more] = sides
  if (more.length > 0 || (result && result.length > 1))
    throw new TypeMismatch(`einsum cannot read "${text}": it has one "->" and one result at most`)
  return { text, terms: operands.map(read), result: result && read(result[0] ?? '') }
}

/** A value whose axes have names. */
interface Named {
  readonly value: Value
  readonly axes: readonly string[]
}

/** The sum of products that an equation names. Two operands at a time become one matrix product. */
export function contract(b: Builder, equation: Equation, operands: readonly Value[]): Value {
  if (equation.terms.length !== operands.length) {
    throw new TypeMismatch(
      `einsum "${equation.text}" has ${equation.terms.length} operands, ${operands.length} are given`,
    )
  }
  const named = operands.map((value, i) => namedAxes(b, equation, value, equation.terms[i] ?? []))
  const sizes = sizesOf(equation, named)
  const result = resultAxes(equation, named)
  const [first, ...rest] = named.map((n) => spreadOut(b, n, sizes))
  if (!first) throw new TypeMismatch('einsum wants an operand')
  const joined = rest.reduce((x, y, i) => {
    const later = new Set([...result, ...rest.slice(i + 1).flatMap((n) => n.axes)])
    return pairwise(b, x, y, later, sizes)
  }, first)
  return arranged(b, summed(b, joined, new Set(result)), result)
}

/** The axes behind "..." are numbered from the end, so that those of all operands align; a name twice is a diagonal. */
function namedAxes(b: Builder, { text }: Equation, value: Value, term: readonly string[]): Named {
  const { shape } = value.type
  const free = shape.length - term.filter((t) => t !== '...').length
  if (free < 0 || (free > 0 && !term.includes('...'))) {
    throw new TypeMismatch(
      `einsum "${text}": ${formatType(value.type)} does not have the axes "${term.join(' ')}"`,
    )
  }
  const axes = term.flatMap((t) =>
    t === '...' ? Array.from({ length: free }, (_, i) => `${free - i}`) : [t],
  )
  return diagonals(b, { value, axes }, text)
}

function diagonals(b: Builder, { value, axes }: Named, text: string): Named {
  const second = axes.findIndex((axis, i) => axes.indexOf(axis) < i)
  if (second < 0) return { value, axes }
  const first = axes.indexOf(axes[second] ?? '')
  const { shape, dtype } = value.type
  const size = shape[first] ?? 1
  if (size !== shape[second])
    throw new TypeMismatch(`einsum "${text}": the axes "${axes[first]}" of ${formatType(value.type)} differ`)
  checkConstantSize('a diagonal', size * size)
  const along = shape.map((_, i) => (i === first || i === second ? size : 1))
  const ones = Array.from({ length: size * size }, (_, k) => Number(k % size === Math.floor(k / size)))
  const masked = b.where(b.constant(tensor('bool', along, ones)), value, b.scalar(0, dtype))
  return diagonals(b, { value: b.sum(masked, [second]), axes: axes.toSpliced(second, 1) }, text)
}

const isFree = (axis: string): boolean => /^\d+$/.test(axis)

function sizesOf({ text }: Equation, operands: readonly Named[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const { value, axes } of operands) {
    for (const [i, axis] of axes.entries()) {
      const [size, known] = [value.type.shape[i] ?? 1, sizes.get(axis) ?? 1]
      if (size !== 1 && known !== 1 && size !== known)
        throw new TypeMismatch(`einsum "${text}": the axis "${axis}" has the sizes ${known} and ${size}`)
      sizes.set(axis, Math.max(size, known))
    }
  }
  return sizes
}

function resultAxes({ text, terms, result }: Equation, operands: readonly Named[]): readonly string[] {
  const all = operands.flatMap((n) => n.axes)
  const free = [...new Set(all.filter(isFree))].sort((x, y) => Number(y) - Number(x))
  if (result) {
    const unknown = result.find((axis) => axis !== '...' && !all.includes(axis))
    if (unknown !== undefined || new Set(result).size !== result.length)
      throw new TypeMismatch(`einsum "${text}": the result names each axis of the operands at most once`)
    return result.flatMap((axis) => (axis === '...' ? free : [axis]))
  }
  const names = terms.flat().filter((axis) => axis !== '...')
  const once = names.filter((axis) => names.indexOf(axis) === names.lastIndexOf(axis))
  return [...free, ...once.sort()]
}

/** Axes of size 1 that broadcast against larger ones get their size. */
function spreadOut(b: Builder, { value, axes }: Named, sizes: ReadonlyMap<string, number>): Named {
  return {
    value: b.expand(
      value,
      axes.map((axis) => sizes.get(axis) ?? 1),
    ),
    axes,
  }
}

function summed(b: Builder, { value, axes }: Named, kept: ReadonlySet<string>): Named {
  const over = axes.flatMap((axis, i) => (kept.has(axis) ? [] : [i]))
  return { value: b.sum(value, over), axes: axes.filter((axis) => kept.has(axis)) }
}

const arranged = (b: Builder, { value, axes }: Named, order: readonly string[]): Value =>
  b.transpose(
    value,
    order.map((axis) => axes.indexOf(axis)),
  )

/** The product of two operands, summed over the axes that nothing later needs: a batched matrix product. */
function pairwise(
  b: Builder,
  left: Named,
  right: Named,
  later: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number>,
): Named {
  const x = summed(b, left, new Set([...later, ...right.axes]))
  const y = summed(b, right, new Set([...later, ...left.axes]))
  const shared = x.axes.filter((axis) => y.axes.includes(axis))
  const batch = shared.filter((axis) => later.has(axis))
  const inner = shared.filter((axis) => !later.has(axis))
  const rows = x.axes.filter((axis) => !shared.includes(axis))
  const columns = y.axes.filter((axis) => !shared.includes(axis))
  const dims = (axes: readonly string[]): number[] => axes.map((axis) => sizes.get(axis) ?? 1)
  const count = (axes: readonly string[]): number => elementCount(dims(axes))
  const axes = [...batch, ...rows, ...columns]
  const one = arranged(b, x, [...batch, ...rows, ...inner])
  const two = arranged(b, y, [...batch, ...inner, ...columns])
  if (inner.length === 0) {
    const product = b.mul(
      b.reshape(one, [...dims(batch), ...dims(rows), ...columns.map(() => 1)]),
      b.reshape(two, [...dims(batch), ...rows.map(() => 1), ...dims(columns)]),
    )
    return { value: product, axes }
  }
  const product = b.matmul(
    b.reshape(one, [...dims(batch), count(rows), count(inner)]),
    b.reshape(two, [...dims(batch), count(inner), count(columns)]),
  )
  return { value: b.reshape(product, dims(axes)), axes }
}
