import { type DType, formatType, sameShape } from '../graph/types.js'
import { holdsWeights } from './conversions.js'
import { olderName, otherGeneration, sameOlderShape, towerOf } from './other-names.js'
import { type SourceTensor, type WeightTable, isStored } from './table.js'

/** A parameter that a model has. */
export interface WantedParameter {
  readonly path: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** The tensors of a file beside the parameters of a model. */
export interface Match {
  /** By the parameter's path. */
  readonly found: ReadonlyMap<string, SourceTensor>
  readonly missing: readonly string[]
  readonly unused: readonly string[]
  readonly different: readonly { readonly path: string; readonly wanted: string; readonly got: string }[]
  /** Patterns of `ignore` that no tensor was in need of. */
  readonly idle: readonly string[]
}

/**
 * Compares names, shapes and types: every parameter is one tensor and every tensor one parameter, except for those that
 * a pattern of `ignore` matches. A float may be kept as another float. `tower` is that of the model, where the parameters
 * are those of an adapter in it.
 */
export function matchWeights(
  { tensors, aliases = new Map() }: WeightTable,
  parameters: readonly WantedParameter[],
  ignore: readonly string[] = [],
  tower: string = towerOf(parameters.map(({ path }) => path)),
): Match {
  const moved = otherGeneration(tower, [...tensors.keys()])
  const found = new Map<string, SourceTensor>()
  const different: { path: string; wanted: string; got: string }[] = []
  const taken = new Set<string>()
  for (const wanted of parameters) {
    const { path } = wanted
    const older = olderName(path)
    const names = [path, older, moved?.(path)]
    const name = [...names, ...names.map((n) => n && aliases.get(n))].find(
      (n) => n !== undefined && tensors.has(n),
    )
    const tensor = name === undefined ? undefined : tensors.get(name)
    if (name === undefined || !tensor) continue
    taken.add(name)
    const { dtype, shape } = tensor
    const fits = name === older ? sameOlderShape : sameShape
    found.set(path, renamed(tensor, path, wanted.shape))
    const shaped = fits(shape, wanted.shape)
    if (shaped && readableAs(tensor, wanted.dtype)) continue
    const order = shaped && dtype === wanted.dtype ? ', not row by row' : ''
    different.push({
      path: name,
      wanted: formatType(wanted),
      got: `${dtype}[${shape.join(', ')}]${order}`,
    })
  }
  const patterns = ignore.map((pattern) => ({ pattern, matches: matcher(pattern) }))
  const spare = [...tensors.keys()].filter((name) => !taken.has(name))
  return {
    found,
    missing: parameters.map(({ path }) => path).filter((path) => !found.has(path)),
    unused: spare.filter((name) => !patterns.some(({ matches }) => matches(name))),
    different,
    idle: patterns.filter(({ matches }) => !spare.some(matches)).map(({ pattern }) => pattern),
  }
}

/** The tensor under the parameter's name and shape; axes of size 1 behind it are dropped. */
const renamed = (tensor: SourceTensor, name: string, shape: readonly number[]): SourceTensor =>
  'strides' in tensor
    ? { ...tensor, name, shape, strides: tensor.strides.slice(0, shape.length) }
    : { ...tensor, name, shape }

/** Whether values of one type, row by row, can be read as another: floats as f32 however they lie, all else as it is. */
const readableAs = (tensor: SourceTensor, to: DType): boolean =>
  (to === 'f32' && holdsWeights(tensor.dtype)) || (tensor.dtype === to && isStored(tensor))

/** `*` in a pattern stands for any characters. Looked for part by part, so that no pattern takes long. */
function matcher(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  return (name) => {
    if (last === undefined) return name === first
    if (!name.startsWith(first)) return false
    let at = first.length
    for (const part of rest) {
      const found = name.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return name.length - last.length >= at && name.endsWith(last)
  }
}
