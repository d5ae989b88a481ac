/** A binary heap of numbers, the one of the highest key on top; of equal keys the larger number. */
export class MaxHeap {
  private readonly items: number[] = []

  constructor(private readonly keys: Float64Array) {}

  push(item: number): void {
    let at = this.items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.above(parent, at)) break
      this.swap(parent, at)
      at = parent
    }
  }

  pop(): number | undefined {
    const top = this.items[0]
    const last = this.items.pop()
    if (last === undefined || this.items.length === 0) return top
    this.items[0] = last
    for (let at = 0; ;) {
      const left = 2 * at + 1
      if (left >= this.items.length) return top
      const right = left + 1
      const child = right < this.items.length && this.above(right, left) ? right : left
      if (this.above(at, child)) return top
      this.swap(at, child)
      at = child
    }
  }

  private above(a: number, b: number): boolean {
    const x = this.items[a] ?? 0
    const y = this.items[b] ?? 0
    const left = this.keys[x] ?? 0
    const right = this.keys[y] ?? 0
    return left > right || (left === right && x > y)
  }

  private swap(a: number, b: number): void {
    const x = this.items[a] ?? 0
    this.items[a] = this.items[b] ?? 0
    this.items[b] = x
  }
}
