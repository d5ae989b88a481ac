import type { DType } from '../graph/types.js'
import type { AttributeKind } from './attributes.js'
import type { FileNode } from './file-node.js'
import { damaged, unsupported } from './problem.js'
import { signatureLines } from './signatures.generated.js'

/** An input or output of an operator. */
export interface Parameter {
  readonly types: readonly DType[]
  readonly occurs: 'once' | 'optional' | 'repeated'
}

export interface AttributeSignature {
  readonly kind: AttributeKind
  readonly required: boolean
  /** As text; lists are separated by commas. */
  readonly default: string | undefined
}

/** What ONNX says of one version of an operator. */
export interface Signature {
  readonly since: number
  readonly deprecated: boolean
  readonly inputs: readonly Parameter[]
  readonly outputs: readonly Parameter[]
  readonly attributes: ReadonlyMap<string, AttributeSignature>
}

const lines = new Map(Object.entries(signatureLines))
const parsed = new Map<string, readonly Signature[]>()

/** The versions of an operator from the one of opset 7 on, the oldest first; empty where it is not known. */
export function signaturesOf(op: string): readonly Signature[] {
  const known = parsed.get(op) ?? (lines.get(op) ?? []).map(parseLine)
  parsed.set(op, known)
  return known
}

/** The version of an operator that an opset has. */
export const signatureIn = (op: string, opset: number): Signature | undefined =>
  signaturesOf(op).findLast(({ since }) => since <= opset)

const letters: Readonly<Record<string, DType>> = {
  f: 'f32',
  h: 'f16',
  b: 'bf16',
  d: 'f64',
  l: 'i64',
  i: 'i32',
  u: 'u8',
  t: 'bool',
}

function parseLine(line: string): Signature {
  const [since = '', inputs = '', outputs = '', attributes = ''] = line.split('|').map((part) => part.trim())
  const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')
  return {
    since: Number.parseInt(since),
    deprecated: since.endsWith('deprecated'),
    inputs: words(inputs).map(parseParameter),
    outputs: words(outputs).map(parseParameter),
    attributes: new Map(words(attributes).map(parseAttribute)),
  }
}

function parseParameter(word: string): Parameter {
  const types = word.split('').flatMap((letter) => letters[letter] ?? [])
  return { types, occurs: word.endsWith('?') ? 'optional' : word.endsWith('*') ? 'repeated' : 'once' }
}

function parseAttribute(word: string): [string, AttributeSignature] {
  const [, name = '', kind = '', mark = '', value = ''] = /^(\w+):(\w+)([!=]?)(.*)$/.exec(word) ?? []
  const signature = { kind: kind as AttributeKind, required: mark === '!' }
  return [name, { ...signature, default: mark === '=' ? value : undefined }]
}

/** Throws where a node is not what its operator's version is, other inputs, outputs or attributes, or is not read whole. */
export function checkSignature(node: FileNode): void {
  const { op, what, opset, unread } = node
  if (unread !== undefined)
    return unsupported(`${what} has the attribute "${unread}" of a kind that is not read`)
  const versions = signaturesOf(op)
  const signature = node.domain === '' ? signatureIn(op, opset) : versions[0]
  const [first] = versions
  if (!first) return
  if (!signature)
    return damaged(`${what}: opset ${opset} has no such operator, it begins with opset ${first.since}`)
  if (signature.deprecated) return damaged(`${what}: opset ${opset} has this operator no more`)
  checkArity(node.inputs, signature.inputs, what, 'input')
  checkArity(node.outputs, signature.outputs, what, 'output')
  for (const [name, kind] of node.kinds) {
    const known = signature.attributes.get(name)
    if (!known) return damaged(`${what}: in opset ${opset} it has no attribute "${name}"`)
    if (known.kind !== kind) return damaged(`${what}: its attribute "${name}" is ${kind}, not ${known.kind}`)
  }
  for (const [name, { required }] of signature.attributes)
    if (required && !node.kinds.has(name)) return damaged(`${what} lacks its attribute "${name}"`)
}

function checkArity(
  names: readonly string[],
  parameters: readonly Parameter[],
  what: string,
  side: string,
): void {
  const least = parameters.findLastIndex(({ occurs }) => occurs === 'once') + 1
  const endless = parameters.at(-1)?.occurs === 'repeated'
  const count = names.length
  if (!endless && count > parameters.length)
    damaged(`${what} has ${counted(count, side)}, its operator at most ${parameters.length}`)
  if (count < least) damaged(`${what} has ${counted(count, side)}, its operator at least ${least}`)
  if (side === 'output') return
  const absent = parameters.findIndex(({ occurs }, k) => occurs === 'once' && names[k] === '')
  if (absent >= 0) damaged(`${what} lacks its input ${absent}`)
}

const counted = (count: number, side: string): string => `${count} ${side}${count === 1 ? '' : 's'}`
