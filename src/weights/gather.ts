import { type FileHandle, open } from 'node:fs/promises'
import { elementCount } from '../graph/types.js'
import { elementBytes } from './element-types.js'
import { readAt } from './read-at.js'
import type { StridedTensor } from './table.js'

/** The bytes of a tensor row by row, however its elements lie, some at a time. */
export async function* gatheredPieces(tensor: StridedTensor): AsyncIterable<ArrayBuffer> {
  const handle = await open(tensor.file, 'r')
  try {
    yield* gather(handle, tensor)
  } finally {
    await handle.close()
  }
}

/** Elements that lie within this many bytes, or lie close together, are read at once; others axis by axis. */
const window = 64 * 1024 * 1024
const close = 4

async function* gather(
  handle: FileHandle,
  { dtype, shape, strides, start }: Pick<StridedTensor, 'dtype' | 'shape' | 'strides' | 'start'>,
): AsyncIterable<ArrayBuffer> {
  const size = elementBytes[dtype] ?? NaN
  const count = elementCount(shape)
  if (count === 0) return
  const extent = shape.reduce((at, d, i) => at + (d - 1) * (strides[i] ?? 0), 1)
  if (extent <= close * count || extent * size <= window) {
    const bytes = await readAt(handle, start, extent * size)
    yield pick(bytes, shape, strides, size)
    return
  }
  const [length = 1, ...inner] = shape
  const [stride = 0, ...innerStrides] = strides
  if (length === 1) {
    yield* gather(handle, { dtype, shape: inner, strides: innerStrides, start })
    return
  }
  // Half of the first axis, then the other half: what is read at once shrinks fast and stays in order.
  const half = Math.ceil(length / 2)
  yield* gather(handle, { dtype, shape: [half, ...inner], strides, start })
  const rest = start + half * stride * size
  yield* gather(handle, { dtype, shape: [length - half, ...inner], strides, start: rest })
}

/** The elements of a view, row by row. */
function pick(
  bytes: Buffer<ArrayBuffer>,
  shape: readonly number[],
  strides: readonly number[],
  size: number,
): ArrayBuffer {
  const into = new Uint8Array(elementCount(shape) * size)
  let to = 0
  const copy = (axis: number, from: number): void => {
    if (axis === shape.length) {
      for (let byte = 0; byte < size; byte++) into[to++] = bytes[from + byte] ?? 0
      return
    }
    const step = (strides[axis] ?? 0) * size
    for (let i = 0; i < (shape[axis] ?? 0); i++) copy(axis + 1, from + i * step)
  }
  copy(0, 0)
  return into.buffer
}
