/** Values that take time to make, those used last kept as long as they take no more than so many bytes together. */
export class Kept<K, V> {
  private readonly values = new Map<K, { readonly value: Promise<V>; readonly bytes: number }>()
  private bytes = 0

  constructor(private readonly most: number) {}

  get(key: K, bytes: number, make: () => Promise<V>): Promise<V> {
    const known = this.values.get(key)
    const entry = known ?? { value: make(), bytes }
    if (!known) {
      this.bytes += bytes
      // What failed is tried again.
      entry.value.catch(() => this.drop(key))
    }
    this.values.delete(key)
    this.values.set(key, entry)
    for (const oldest of this.values.keys()) {
      if (this.bytes <= this.most || oldest === key) break
      this.drop(oldest)
    }
    return entry.value
  }

  private drop(key: K): void {
    const entry = this.values.get(key)
    if (entry && this.values.delete(key)) this.bytes -= entry.bytes
  }
}
