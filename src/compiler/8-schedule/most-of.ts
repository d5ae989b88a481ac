/**
 * The largest of numbers in a row, between any two of them, while amounts are added to all between two others. A tree
 * of halves: of each, what was added to the whole of it, and the most in it with that.
 */
export class MostOf {
  private readonly most: Float64Array
  private readonly added: Float64Array

  constructor(numbers: Float64Array) {
    const leaves = 2 ** Math.ceil(Math.log2(Math.max(1, numbers.length)))
    this.most = new Float64Array(2 * leaves).fill(-Infinity)
    this.added = new Float64Array(2 * leaves)
    this.most.set(numbers, leaves)
    for (let half = leaves - 1; half > 0; half--) this.most[half] = this.mostBelow(half)
  }

  /** The most from one place to before another; -Infinity where there is nothing between them. */
  between(from: number, to: number): number {
    return this.find(from, to, 1, 0, this.most.length / 2)
  }

  /** Adds to each from one place to before another. */
  add(from: number, to: number, amount: number): void {
    this.put(from, to, amount, 1, 0, this.most.length / 2)
  }

  /** The half `at` covers the places from `start` to before `end`. */
  private find(from: number, to: number, at: number, start: number, end: number): number {
    if (to <= start || end <= from) return -Infinity
    if (from <= start && end <= to) return this.most[at] ?? -Infinity
    const middle = (start + end) / 2
    const below = Math.max(
      this.find(from, to, 2 * at, start, middle),
      this.find(from, to, 2 * at + 1, middle, end),
    )
    return below + (this.added[at] ?? 0)
  }

  private put(from: number, to: number, amount: number, at: number, start: number, end: number): void {
    if (to <= start || end <= from) return
    if (from <= start && end <= to) {
      this.most[at] = (this.most[at] ?? 0) + amount
      this.added[at] = (this.added[at] ?? 0) + amount
      return
    }
    const middle = (start + end) / 2
    this.put(from, to, amount, 2 * at, start, middle)
    this.put(from, to, amount, 2 * at + 1, middle, end)
    this.most[at] = this.mostBelow(at) + (this.added[at] ?? 0)
  }

  private mostBelow(at: number): number {
    return Math.max(this.most[2 * at] ?? -Infinity, this.most[2 * at + 1] ?? -Infinity)
  }
}
