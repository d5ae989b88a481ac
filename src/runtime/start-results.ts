import type { Json } from '../artefact/json.js'

type Metrics = Readonly<Record<string, Json>>

/**
 * What was measured before the first stage, by what it follows from (see `startKey`): runs from the same start share
 * it, also while they go on at the same time.
 */
export class StartResults {
  private readonly results = new Map<string, Promise<Metrics>>()

  /**
   * A result that is known, or that another run is on its way to, or that is measured now. Where the other run fails or
   * is stopped, this one measures. Throws the signal's reason once it has fired.
   */
  async take(key: string, measure: () => Promise<Metrics>, signal?: AbortSignal): Promise<Metrics> {
    for (;;) {
      signal?.throwIfAborted()
      const known = this.results.get(key)
      if (!known) break
      const result = await settled(known, signal)
      if (result) return result
    }
    const measuring = measure().catch((error: unknown) => {
      this.results.delete(key)
      throw error
    })
    this.results.set(key, measuring)
    return measuring
  }
}

/** What the work comes to; undefined where it fails, or where the signal fires before. */
const settled = (work: Promise<Metrics>, signal: AbortSignal | undefined): Promise<Metrics | undefined> =>
  new Promise((resolve) => {
    const end = (result?: Metrics): void => {
      signal?.removeEventListener('abort', stop)
      resolve(result)
    }
    const stop = (): void => end()
    signal?.addEventListener('abort', stop)
    work.then(end, stop)
  })
