/** Uniform numbers in [0, 1). */
export type Random = () => number

/** A seeded generator: xoshiro128** (Blackman and Vigna), its state filled by splitmix32. */
export function seededRandom(...seeds: readonly number[]): Random {
  let mixed = 0x9e3779b9
  const splitmix = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0
    let z = mixed
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  for (const seed of seeds) mixed = splitmix() ^ seed
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix()]
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return scrambled / 2 ** 32
  }
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** 0 ... n - 1 in random order (Fisher and Yates). */
export function permutation(n: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = order[i] ?? 0
    order[i] = order[j] ?? 0
    order[j] = kept
  }
  return order
}
