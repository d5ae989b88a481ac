/**
 * squares32 (Widynski 2020, "Squares: a fast counter-based RNG", arXiv 2004.06278): 32 random bits for a counter under
 * an odd key, by four rounds of squaring. It needs nothing but products, sums and halves of 64-bit words, so it can be
 * computed in a graph on every device.
 */
export function squares32(counter: bigint, key: bigint): bigint {
  const y = word(counter * key)
  const z = word(y + key)
  const first = turned(word(y * y + y))
  const second = turned(word(first * first + z))
  const third = turned(word(second * second + y))
  return word(third * third + z) >> 32n
}

/** The key of two 32-bit words: odd, as squares32 wants it. */
export const squaresKey = (low: number, high: number): bigint =>
  word((BigInt(low) + (BigInt(high) << 32n)) * 2n + 1n)

/** The bound of 32-bit words of which a share of `rate` lies below. */
export const squaresBound = (rate: number): bigint => BigInt(Math.ceil(rate * 2 ** 32))

const word = (x: bigint): bigint => BigInt.asUintN(64, x)
const turned = (x: bigint): bigint => (x >> 32n) | word(x << 32n)
