/**
 * How far two computations of one value in floating point may lie apart: processors add the terms of a sum in different
 * orders and groups. Bounds of tests follow from the lengths of sums and the type of their elements, never from what one
 * processor gave.
 */

/** Half a unit in the last place, relative: what one operation may be off. */
export const halfUnit = { f64: 2 ** -53, f32: 2 ** -24, f16: 2 ** -11, bf16: 2 ** -8 } as const

/**
 * The bound for results whose longest sums have so many terms, relative to the size of what they are made of. A sum of
 * n terms, in any order, is off by at most n half units of the sum of their sizes (Higham, Accuracy and Stability of
 * Numerical Algorithms, 4.2); two such sums are compared, and each reads what was rounded before as much.
 */
export const rounding = (terms: number, dtype: keyof typeof halfUnit = 'f32'): number =>
  4 * terms * halfUnit[dtype]
