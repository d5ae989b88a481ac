import type { MixedCursor, StreamCursor } from './cursor.js'
import type { Order, OrderKey, Sample, Turn } from './order.js'
import { Words } from './words.js'

/** An order of one data set or stream. */
export type PartOrder = Order<StreamCursor>

/**
 * Turn by turn the part is drawn by weight; each part goes through its own rows in its own order. All ranks draw the
 * same parts for the same turns, so that together they take what one would.
 */
export class MixedOrder implements Order<MixedCursor> {
  private readonly words: Words
  private readonly ends: readonly number[]
  private all = 0
  private turns: Turn[]

  constructor(
    private readonly parts: readonly PartOrder[],
    weights: readonly number[],
    private readonly key: OrderKey,
    cursor?: MixedCursor,
  ) {
    this.words = Words.of(key.seed, 'mix', key.data)
    const sum = weights.reduce((a, b) => a + b, 0)
    this.ends = weights.map((_, i) => weights.slice(0, i + 1).reduce((a, b) => a + b, 0) / sum)
    this.all = cursor?.all ?? 0
    this.turns = cursor?.turns.map((turn) => ({ ...turn })) ?? this.nothing()
  }

  async take(turns: readonly Turn[]): Promise<readonly Sample[]> {
    const asked = turns.map(({ all }) => this.partOf(all))
    const samples: Sample[] = []
    for (const [k, part] of this.parts.entries()) {
      const own = asked.flatMap((a, place) => (a.part === k ? [{ place, turn: a.turn }] : []))
      const taken = await part.take(own.map(({ turn }) => turn))
      own.forEach(({ place }, i) => {
        const sample = taken[i]
        if (sample) samples[place] = { ...sample, id: `${k}:${sample.id}` }
      })
    }
    return samples
  }

  cursor(): MixedCursor {
    const parts = this.parts.map((part) => part.cursor())
    return { kind: 'mix', all: this.all, turns: this.turns.map((turn) => ({ ...turn })), parts }
  }

  async close(): Promise<void> {
    for (const part of this.parts) await part.close()
  }

  private partOf(turn: number): { readonly part: number; readonly turn: Turn } {
    if (turn < this.all) {
      this.all = 0
      this.turns = this.nothing()
    }
    for (;;) {
      const part = this.draw(this.all)
      const before = this.turns[part] ?? { all: 0, own: 0 }
      const isOwn = this.all % this.key.world === this.key.rank
      this.turns[part] = { all: before.all + 1, own: before.own + Number(isOwn) }
      this.all++
      if (this.all > turn) return { part, turn: before }
    }
  }

  private draw(turn: number): number {
    const fraction = this.words.fraction(turn)
    return this.ends.findIndex((end) => fraction < end)
  }

  private nothing(): Turn[] {
    return this.parts.map(() => ({ all: 0, own: 0 }))
  }
}
