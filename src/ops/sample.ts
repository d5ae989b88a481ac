import { type DType, type Tensor, elementCount, tensor } from '../graph/types.js'

/** A small seeded source (xorshift32 over a mixed seed) for the operators' sample calls. */
export class SampleRandom {
  private state: number

  constructor(seed: number) {
    this.state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1
    for (let i = 0; i < 8; i++) this.uniform()
  }

  /** In [0, 1). */
  uniform(): number {
    let x = this.state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.state = x >>> 0
    return this.state / 2 ** 32
  }

  /** An integer in [low, high], both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1))
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)]
    if (item === undefined) throw new Error('pick from an empty list')
    return item
  }

  bool(probability = 0.5): boolean {
    return this.uniform() < probability
  }

  /** A shape with sizes 1 to 5 (1 and odd sizes are frequent). */
  shape(minRank = 0, maxRank = 4): number[] {
    return Array.from({ length: this.int(minRank, maxRank) }, () => this.pick([1, 2, 3, 3, 4, 5]))
  }

  /** Two shapes that broadcast against each other. */
  broadcastPair(maxRank = 4): [number[], number[]] {
    const full = this.shape(0, maxRank)
    const thin = (): number[] =>
      full.map((d) => (this.bool(0.25) ? 1 : d)).slice(this.bool(0.3) ? this.int(0, full.length) : 0)
    return this.bool() ? [full, thin()] : [thin(), full]
  }

  /** Values in [low, high], kept `apart` from zero when that is given. */
  tensor(
    shape: readonly number[],
    options: { low?: number; high?: number; apart?: number; dtype?: DType } = {},
  ): Tensor {
    const { low = -2, high = 2, apart = 0, dtype = 'f32' } = options
    const values = Array.from({ length: elementCount(shape) }, () => {
      let v = low + (high - low) * this.uniform()
      while (Math.abs(v) < apart) v = low + (high - low) * this.uniform()
      return Math.fround(v)
    })
    return tensor(dtype, shape, values)
  }

  /** Integers in [low, high]. */
  ints(shape: readonly number[], low: number, high: number, dtype: DType = 'i64'): Tensor {
    return tensor(
      dtype,
      shape,
      Array.from({ length: elementCount(shape) }, () => this.int(low, high)),
    )
  }

  bools(shape: readonly number[]): Tensor {
    return tensor(
      'bool',
      shape,
      Array.from({ length: elementCount(shape) }, () => (this.bool() ? 1 : 0)),
    )
  }

  /** An axis of a rank, negative half of the time. */
  axis(rank: number): number {
    const axis = this.int(0, rank - 1)
    return this.bool() ? axis : axis - rank
  }

  /** 0..n-1 in random order. */
  permutation(n: number): number[] {
    const p = Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(0, i)
      ;[p[i], p[j]] = [p[j] as number, p[i] as number]
    }
    return p
  }
}
