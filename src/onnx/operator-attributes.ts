import type { Attributes } from '../graph/graph.js'
import { findComposite, findOperator } from '../ops/registry.js'
import type { FileNode } from './file-node.js'
import { unsupported } from './problem.js'

/** Attributes that our operators need and that have no default. */
const required: Readonly<Record<string, readonly string[]>> = {
  AveragePool: ['kernel_shape', 'strides', 'pads', 'dilations'],
  Concat: ['axis'],
  DepthToSpace: ['blocksize'],
  Einsum: ['equation'],
  GroupNormalization: ['num_groups'],
  MaxPool: ['kernel_shape', 'strides', 'pads', 'dilations'],
  Resize: ['cubic_coeff_a', 'antialias', 'exclude_outside'],
  SpaceToDepth: ['blocksize'],
  Transpose: ['perm'],
  Cast: ['to'],
  Conv: ['strides', 'dilations', 'pads'],
  ConvTranspose: ['strides', 'dilations', 'pads', 'output_padding'],
}

/** ONNX's defaults of attributes that ours do not have: with these values they change nothing. */
const harmless: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  ArgMax: { select_last_index: 0 },
  ArgMin: { select_last_index: 0 },
  Cast: { saturate: 1, round_mode: 'up' },
  Resize: { extrapolation_value: 0, keep_aspect_ratio_policy: 'stretch' },
}

/** What our operators take where ONNX has more choices. */
const choices: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Gelu: { approximate: ['none', 'tanh'] },
  ScatterElements: { reduction: ['none', 'add'] },
  ScatterND: { reduction: ['none', 'add'] },
}

/** The attributes of a node as our operator takes them. One that it does not know must not be lost silently. */
export function operatorAttributes({ op, attributes }: FileNode): Attributes {
  const known = (findOperator(op) ?? findComposite(op))?.attributes ?? {}
  const needs = Object.hasOwn(required, op) ? (required[op] ?? []) : []
  const taken: Record<string, number | string | readonly number[]> = {}
  for (const [name, value] of attributes) {
    if (typeof value === 'object' && !Array.isArray(value))
      return unsupported(`the attribute "${name}" is a tensor`)
    const plain = value as number | string | readonly number[]
    const accepted = choices[op]?.[name]
    if (accepted && !accepted.includes(String(plain)))
      return unsupported(`the ${name} "${String(plain)}"; ${accepted.join(' and ')} are supported`)
    if (Object.hasOwn(known, name) || needs.includes(name)) taken[name] = plain
    else if (!near(plain, harmless[op]?.[name]))
      return unsupported(`the attribute "${name}" = ${String(plain)}`)
  }
  return taken
}

const near = (value: unknown, wanted: number | string | undefined): boolean =>
  typeof value === 'number' && typeof wanted === 'number' ? Math.abs(value - wanted) < 1e-6 : value === wanted
