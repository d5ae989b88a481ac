import { existsSync } from 'node:fs'
import { z } from 'zod'
import { appendFileSync, readFileSync } from '../disk.js'
import { badSample, tooManyBadSamples } from '../diagnostics/catalogue/run-data.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import type { SampleUnreadable } from './sources/sample-unreadable.js'
import { parsed } from '../json/parsed.js'

const line = z.object({ data: z.string(), sample: z.string(), reason: z.string() })

/** Fewer samples say nothing about a share. */
const fewest = 100

/** The share of bad samples from which on a run stops. */
export const defaultBadShare = 0.05

/** Samples that cannot be read: each is listed once in a file of the run's folder; too many of them stop the run. */
export class BadSamples {
  private readonly made = new Map<string, number>()
  private readonly bad = new Map<string, Set<string>>()

  constructor(
    private readonly file: string,
    private readonly most: number,
    private readonly spanOf: (data: string) => Span,
    private readonly warn: (diagnostic: Diagnostic) => void,
  ) {
    // Those that a resumed run has listed before.
    const known = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    for (const text of known) {
      const { data } = line.safeParse(parsed(text))
      if (data) this.of(data.data).add(data.sample)
    }
  }

  /** Notes samples of a data set, and those among them that could not be read. Throws UserError. */
  note(data: string, count: number, problems: readonly SampleUnreadable[]): void {
    const made = (this.made.get(data) ?? 0) + count
    this.made.set(data, made)
    const bad = this.of(data)
    for (const { sample, reason } of problems) {
      if (bad.has(sample)) continue
      if (bad.size === 0) this.warn(badSample(this.spanOf(data), { data, sample, reason, file: this.file }))
      bad.add(sample)
      appendFileSync(this.file, `${JSON.stringify({ data, sample, reason })}\n`)
    }
    const share = bad.size / Math.max(made, fewest)
    if (problems.length > 0 && share > this.most)
      throw new UserError(
        tooManyBadSamples(this.spanOf(data), { data, bad: bad.size, made, most: this.most, file: this.file }),
      )
  }

  private of(data: string): Set<string> {
    const known = this.bad.get(data) ?? new Set()
    this.bad.set(data, known)
    return known
  }
}
