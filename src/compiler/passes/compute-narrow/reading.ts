import type { Builder } from '../../../graph/builder.js'
import { type Value, constantOf, producer } from '../../../graph/graph.js'
import { type NarrowFloat, isNarrow, tensor } from '../../../graph/types.js'
import { roundTo } from '../../../ops/_round-to.js'

/** The type that a weight is rounded to. */
export const narrowType = ({ source, type }: Value): NarrowFloat | undefined =>
  source.kind === 'parameter' && type.dtype === 'f32' ? source.as : undefined

/** What is known of the f32 values of a graph that is made narrow, and how they are read in a type of 16 bits. */
export class Reading {
  private readonly exact = new Set<Value>()
  private readonly weights = new Set<Value>()

  /** Rounding it would lose what it was computed in f32 for. */
  readonly isExact = (value: Value): boolean => this.exact.has(value)
  readonly keepExact = (value: Value): void => void this.exact.add(value)

  /** A rounded weight, or what was made of some without leaving their type. */
  readonly isWeight = (value: Value): boolean => narrowType(value) !== undefined || this.weights.has(value)
  readonly keepWeight = (value: Value): void => void this.weights.add(value)

  /** The narrow type that holds a value as it is: that of a weight, or of what was computed in it. */
  typeOf(value: Value): NarrowFloat | undefined {
    const made = castOf(value)?.type.dtype
    return narrowType(value) ?? (isNarrow(made) ? made : undefined)
  }

  /** Whether a value may be rounded where it meets one of that type. */
  fits(value: Value, type: NarrowFloat): boolean {
    const own = this.typeOf(value)
    if (own) return own === type
    const constant = constantOf(value)
    if (constant) return constant.data.every((v) => v === 0 || !Number.isFinite(v) || isNormal(v, type))
    // f16 ends at 65,504, and nothing is known of what comes from elsewhere.
    return type === 'bf16' && !this.exact.has(value)
  }

  /** The value in that type. */
  narrow(b: Builder, value: Value, type: NarrowFloat): Value {
    const constant = constantOf(value)
    if (constant) {
      const data = constant.data.map((v) => roundTo(v, type))
      return b.constant(tensor(type, constant.shape, data))
    }
    const node = producer(value)
    const [source] = node?.inputs ?? []
    // Spread over a shape as it is, so that whoever looks for a constant finds it.
    if (node?.op === 'Expand' && constantOf(source) && source)
      return b.expand(this.narrow(b, source, type), value.type.shape)
    const made = castOf(value)
    return made?.type.dtype === type ? made : b.cast(value, type)
  }
}

/** What a value was cast from. */
function castOf(value: Value): Value | undefined {
  const node = producer(value)
  return node?.op === 'Cast' ? (node.inputs[0] ?? undefined) : undefined
}

const smallest: Readonly<Record<NarrowFloat, number>> = { bf16: 2 ** -126, f16: 2 ** -14 }
const largest: Readonly<Record<NarrowFloat, number>> = { bf16: (2 - 2 ** -7) * 2 ** 127, f16: 65504 }

/** Numbers that a type holds with all of its digits. */
const isNormal = (value: number, type: NarrowFloat): boolean =>
  Math.abs(value) >= smallest[type] && Math.abs(value) <= largest[type]
