/**
 * Runs work on items in their order, at most `lanes` at a time. The next item is begun when the one before has said that
 * it has `begun`, so that it gets the machine to itself until then. Once the controller has aborted, which an error
 * does too, nothing more is begun, and what goes on is awaited. Gives the results of what was begun, in order.
 */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  controller: AbortController,
  work: (item: T, begun: () => void) => Promise<R>,
): Promise<readonly R[]> {
  const started: Promise<R>[] = []
  const running = new Set<Promise<unknown>>()
  for (const item of items) {
    while (running.size >= lanes) await Promise.race(running)
    if (controller.signal.aborted) break
    await new Promise<void>((begun) => {
      const result = work(item, begun)
      started.push(result)
      const ended = result
        .catch(() => controller.abort())
        .then(() => {
          running.delete(ended)
          begun()
        })
      running.add(ended)
    })
  }
  await Promise.all(running)
  return Promise.all(started)
}
