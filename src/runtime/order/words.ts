import { type DrawKey, drawKey } from '../draws.js'
import { Philox } from '../philox.js'

/** Random words of a name, by number: word k is word k mod 4 of block k / 4. */
export class Words {
  private readonly philox: Philox
  private block = -1

  constructor(key: DrawKey) {
    this.philox = new Philox(...key)
  }

  static of(...name: readonly (string | number)[]): Words {
    return new Words(drawKey(...name))
  }

  /** A fraction in [0, 1), of 32 bits. */
  fraction(k: number): number {
    const block = Math.floor(k / 4)
    const { philox } = this
    if (block !== this.block) philox.block(block % words32, Math.floor(block / words32), 0, 0)
    this.block = block
    return ([philox.w0, philox.w1, philox.w2, philox.w3][k % 4] ?? 0) / words32
  }

  /** A whole number in [0, n). */
  below(n: number, k: number): number {
    return Math.floor(this.fraction(k) * n)
  }
}

const words32 = 2 ** 32

/** The numbers from 0 to n - 1, by Fisher and Yates from the last place down. */
export function shuffled(length: number, words: Words): Uint32Array {
  const rows = Uint32Array.from({ length }, (_, i) => i)
  for (let i = length - 1, k = 0; i > 0; i--, k++) {
    const j = words.below(i + 1, k)
    const [a = 0, b = 0] = [rows[i], rows[j]]
    rows[i] = b
    rows[j] = a
  }
  return rows
}
