/**
 * Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): four random words for every
 * counter of four words under a key of two. No state: any block can be had at any time.
 */
export class Philox {
  /** The words of the last block, unsigned 32-bit. */
  w0 = 0
  w1 = 0
  w2 = 0
  w3 = 0

  constructor(
    private readonly key0: number,
    private readonly key1: number,
  ) {}

  /** Computes the block of a counter into `w0` to `w3`. */
  block(counter0: number, counter1: number, counter2: number, counter3: number): void {
    let [c0, c1, c2, c3] = [counter0 | 0, counter1 | 0, counter2 | 0, counter3 | 0]
    let k0 = this.key0 | 0
    let k1 = this.key1 | 0
    for (let round = 0; round < rounds; round++) {
      const high0 = multiplyHigh(multiplier0, c0)
      const high1 = multiplyHigh(multiplier1, c2)
      const low0 = Math.imul(multiplier0, c0)
      const low1 = Math.imul(multiplier1, c2)
      c0 = high1 ^ c1 ^ k0
      c1 = low1
      c2 = high0 ^ c3 ^ k1
      c3 = low0
      k0 = (k0 + weyl0) | 0
      k1 = (k1 + weyl1) | 0
    }
    this.w0 = c0 >>> 0
    this.w1 = c1 >>> 0
    this.w2 = c2 >>> 0
    this.w3 = c3 >>> 0
  }
}

const rounds = 10
const multiplier0 = 0xd2511f53
const multiplier1 = 0xcd9e8d57
/** The golden ratio and sqrt(3) - 1, as fractions of 2^32. */
const weyl0 = 0x9e3779b9
const weyl1 = 0xbb67ae85

/** The high word of the 64-bit product of two unsigned words, by halves. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const bHigh = b >>> 16
  const bLow = b & 0xffff
  // Each partial sum stays below 2^32: (2^16 - 1)^2 + 2^16 - 1 < 2^32.
  const middle0 = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16)
  const middle1 = (Math.imul(aLow, bHigh) >>> 0) + (middle0 & 0xffff)
  return (Math.imul(aHigh, bHigh) + (middle0 >>> 16) + (middle1 >>> 16)) | 0
}
