import type { Attributes } from '../graph/graph.js'

/** Typed access to attributes; asking for the wrong kind is our bug and throws. */

export function number(attributes: Attributes, name: string): number {
  const value = attributes[name]
  if (typeof value !== 'number') throw new Error(`attribute ${name} is not a number`)
  return value
}

export const flag = (attributes: Attributes, name: string): boolean => number(attributes, name) !== 0

export function string(attributes: Attributes, name: string): string {
  const value = attributes[name]
  if (typeof value !== 'string') throw new Error(`attribute ${name} is not a string`)
  return value
}

export function numbers(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name]
  if (!Array.isArray(value)) throw new Error(`attribute ${name} is not a list of numbers`)
  return value as readonly number[]
}
