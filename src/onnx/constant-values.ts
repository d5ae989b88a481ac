import { type Tensor, elementCount } from '../graph/types.js'
import { unsupported } from './problem.js'
import { type FileTensor, type ReadExternal, tensorValues } from './tensor.js'

/** Constants are held element by element. */
export const maxConstant = 2 ** 20

/** The values of an initializer or attribute that the graph holds as a constant. */
export function constantValues(t: FileTensor, external: ReadExternal): Tensor {
  const count = elementCount(t.type.shape)
  if (count <= maxConstant) return tensorValues(t, external)
  return unsupported(`the constant "${t.name}" has ${count} elements, more than ${maxConstant}`)
}
