import type { Span } from '../../../diagnostics/diagnostic.js'
import { unknown } from '../fail.js'

/** Numbers that have nothing to do with each other, in the order in which they are asked for. */
export interface Sizes {
  /** Of parameters that are ints. */
  readonly ints: readonly number[]
  /** Of names that only the types of tensors introduce. */
  readonly dims: readonly number[]
  /** By how much those behind the last one differ. */
  readonly step?: 0
  /** How many axes `...s` stands for. */
  readonly pack: number
}

/** What is made up while a declaration is evaluated that nothing calls, or of which not every arm is taken. */
export class MadeUp {
  private ints = 0
  private dims = 0
  private floats = 0
  private tensors = 0
  private readonly open = new Set<object>()
  /**
   * Whether the size of something was made up that the code itself has chosen, in a way that is not known: it may have
   * to do with other sizes.
   */
  guessed = false

  constructor(
    private readonly declaration: Span,
    readonly sizes: Sizes,
  ) {}

  int(): number {
    return numbered(this.sizes.ints, this.ints++)
  }

  dim(): number {
    return numbered(this.sizes.dims, this.dims++, this.sizes.step)
  }

  /** Floats ascend, as bounds do. */
  float(): number {
    return ++this.floats / 16
  }

  tensorName(): string {
    return `made-up/${this.tensors++}`
  }

  /** Whether all arms are looked at, whichever their condition takes: in the declaration, not in what it calls. */
  looksAt({ file, start, end }: Span): boolean {
    const { declaration } = this
    return file === declaration.file && declaration.start <= start && end <= declaration.end
  }

  /** Evaluates a function by itself: what is guessed in it is no matter of others. */
  apart<T>(run: () => T): T {
    const { guessed } = this
    try {
      return run()
    } finally {
      this.guessed = guessed
    }
  }

  /** Evaluates the body of a function; where all arms are looked at, recursion has no end. */
  inside<T>(body: object, run: () => T): T {
    if (this.open.has(body)) throw unknown
    this.open.add(body)
    try {
      return run()
    } finally {
      this.open.delete(body)
    }
  }
}

/** Behind the last one others follow. */
const numbered = (numbers: readonly number[], k: number, step = 1): number =>
  numbers[k] ?? (numbers.at(-1) ?? 1) + k * step
