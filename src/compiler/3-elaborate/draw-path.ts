/**
 * Names draws by where they stand: the names of the values and functions that lead to the draw, with a number
 * behind a repetition (`view_plus/paper_augment/brightness`, `noise#2`). Adding a draw elsewhere renames none.
 */
export class DrawPath {
  private stack: Frame[] = [new Frame('')]
  private taken = new Set<string>()

  /** Evaluates what has a name in the pipeline, its draws are named from there, whoever asked for it. */
  root<T>(name: string, run: () => T): T {
    const { stack, taken } = this
    this.stack = [new Frame(name)]
    this.taken = new Set()
    try {
      return run()
    } finally {
      this.stack = stack
      this.taken = taken
    }
  }

  /** A named step on the way: a call, or a local that is being bound. */
  within<T>(name: string, run: () => T): T {
    const top = this.stack[this.stack.length - 1]
    this.stack.push(new Frame(top ? top.numbered(name) : name))
    try {
      return run()
    } finally {
      this.stack.pop()
    }
  }

  /** The path of a draw that stands here. */
  next(): string {
    const path = this.stack
      .map((f) => f.name)
      .filter((n) => n !== '')
      .join('/')
    let unique = path
    for (let n = 2; this.taken.has(unique); n++) unique = `${path}#${n}`
    this.taken.add(unique)
    return unique
  }
}

class Frame {
  private counts: Map<string, number> | undefined
  constructor(readonly name: string) {}

  numbered(name: string): string {
    const counts = (this.counts ??= new Map<string, number>())
    const n = (counts.get(name) ?? 0) + 1
    counts.set(name, n)
    return n === 1 ? name : `${name}#${n}`
  }
}
