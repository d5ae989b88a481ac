import { type Tensor, elementCount, scalar, tensor } from '../../graph/types.js'
import { maxConstant } from '../constant-values.js'
import { damaged, unsupported } from '../problem.js'
import type { Rewrite, RewriteContext } from './rewrite.js'

/** What is known once the shapes are. */
export const constants: Readonly<Record<string, Rewrite>> = {
  Constant: (c) => [c.b.constant(constantOf(c))],

  Shape: (c) => {
    const { shape } = c.input(0).type
    const place = (at: number): number => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length)
    return [c.b.ints(shape.slice(place(c.int('start', 0)), place(c.int('end', shape.length))))]
  },

  Size: (c) => [c.b.scalar(elementCount(c.input(0).type.shape), 'i64')],

  ConstantOfShape: (c) => {
    const shape = c.numbers(0)
    const given = c.node.attributes.get('value')
    const fill = typeof given === 'object' && 'place' in given ? c.values(given) : scalar(0)
    if (fill.data.length !== 1) return damaged('its value is not one number')
    const value = c.b.scalar(fill.data[0] ?? 0, fill.dtype)
    const count = elementCount(shape)
    if (shape.some((d) => d < 0)) return damaged(`its shape is [${shape.join(', ')}]`)
    if (count > 4096) return [c.b.expand(value, shape)]
    return [c.b.constant(tensor(fill.dtype, shape, new Float64Array(count).fill(fill.data[0] ?? 0)))]
  },

  Range: (c) => {
    const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((k) => c.numbers(k)[0])
    const length = Math.max(0, Math.ceil((limit - start) / delta))
    if (!(length <= maxConstant)) return unsupported(`it makes ${length} numbers, more than ${maxConstant}`)
    const { dtype } = c.input(0).type
    const values = Array.from({ length }, (_, i) => start + i * delta)
    return [c.b.constant(tensor(dtype, [length], values))]
  },

  /** The places of what is not zero in a constant: exporters find the sizes of `expand(-1)` with it. */
  NonZero: (c) => {
    const values = c.numbers(0)
    const { shape } = c.input(0).type
    const places = values.flatMap((v, i) => (v === 0 ? [] : [i]))
    const rows = shape.map((size, axis) => {
      const after = elementCount(shape.slice(axis + 1))
      return places.map((at) => Math.floor(at / after) % size)
    })
    return [c.b.constant(tensor('i64', [shape.length, places.length], rows.flat()))]
  },
}

function constantOf(c: RewriteContext): Tensor {
  const [[name, value] = ['', undefined], ...others] = [...c.node.attributes]
  if (value === undefined || others.length > 0) return damaged('it wants one value')
  if (name === 'value' && typeof value === 'object' && 'place' in value) return c.values(value)
  if (name === 'value_int' && typeof value === 'number') return scalar(value, 'i64')
  if (name === 'value_float' && typeof value === 'number') return scalar(value)
  const list = Array.isArray(value) ? (value as readonly number[]) : undefined
  if (name === 'value_ints' && list) return tensor('i64', [list.length], list)
  if (name === 'value_floats' && list) return tensor('f32', [list.length], list)
  return unsupported(`the attribute "${name}"`)
}
