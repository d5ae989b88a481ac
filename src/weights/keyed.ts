import type { KeySpec } from '../artefact/models.js'
import { elementBytes } from './element-types.js'
import { type SourceTensor, type WeightTable, isStored } from './table.js'

/**
 * A table as the model names its parameters, where `keys` say how the file does; of several that fit a path the first
 * counts. Tensors that no key names keep their names.
 */
export function keyed(
  { file, tensors, aliases }: WeightTable,
  paths: readonly string[],
  keys: readonly KeySpec[],
): WeightTable {
  const rules = keys.map((key) => ({ key, match: matcher(key.path), belongs: matcher(key.name) }))
  const found = new Map<string, SourceTensor>()
  for (const path of paths) {
    const rule = rules.find(({ key, match }) => key.path !== '' && match(path))
    const texts = rule?.match(path)
    if (!rule || !texts) continue
    const source = tensors.get(filled(rule.key.name, texts))
    if (source) found.set(path, partOf(rule.key.transposed ? onItsSide(source) : source, rule.key))
  }
  for (const [name, tensor] of tensors)
    if (!rules.some(({ belongs }) => belongs(name))) found.set(name, tensor)
  return { file, tensors: found, ...(aliases ? { aliases } : {}) }
}

/** The texts that the stars of a pattern stand for in a name; undefined where it does not fit. */
function matcher(pattern: string): (name: string) => readonly string[] | undefined {
  const parts = pattern.split('*').map((part) => part.replace(/[^\w]/g, String.raw`\$&`))
  // a star within a path stands for one of its parts
  const whole = new RegExp(`^${parts.join('([^.]+)')}$`)
  return (name) => whole.exec(name)?.slice(1)
}

function filled(pattern: string, texts: readonly string[]): string {
  const rest = [...texts]
  return pattern.replace(/\*/g, () => rest.shift() ?? '')
}

/** A matrix with its axes exchanged; nothing is moved. */
function onItsSide(tensor: SourceTensor): SourceTensor {
  const { name, dtype, shape, file } = tensor
  const [rows, columns] = shape
  if (shape.length !== 2 || rows === undefined || columns === undefined) return tensor
  const [start, [down = 1, right = 1]] = isStored(tensor)
    ? [tensor.offset, [columns, 1]]
    : [tensor.start, tensor.strides]
  return { name, dtype, shape: [columns, rows], file, start, strides: [right, down] }
}

/** One of equal parts along the first axis. */
function partOf(tensor: SourceTensor, { part, parts }: KeySpec): SourceTensor {
  const [rows = 0, ...rest] = tensor.shape
  if (parts === 1 || rows % parts !== 0 || part >= parts) return tensor
  const shape = [rows / parts, ...rest]
  if (isStored(tensor)) {
    const length = tensor.length / parts
    return { ...tensor, shape, offset: tensor.offset + part * length, length }
  }
  const size = elementBytes[tensor.dtype] ?? NaN
  const [stride = 0] = tensor.strides
  return { ...tensor, shape, start: tensor.start + part * (rows / parts) * stride * size }
}
