import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withInterrupt } from '../../src/cli/interrupt.js'
import type { Screen } from '../../src/runtime/screen.js'

/* Aim: what a signal makes of work that does not end, and what is said; no test waits for the time that is given. */

let said = ''
const screen = { write: (text: string) => (said += text) } as unknown as Screen
const killed = vi.fn<(pid: number, signal: NodeJS.Signals) => boolean>(() => true)

beforeEach(() => {
  said = ''
  killed.mockClear()
  vi.useFakeTimers()
  vi.spyOn(process, 'kill').mockImplementation(killed as typeof process.kill)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Work that ends when it is told to, or never. */
function begin() {
  let finish = (): void => undefined
  const aborted: boolean[] = []
  const done = withInterrupt(screen, ({ signal }) => {
    signal.addEventListener('abort', () => aborted.push(true))
    return new Promise<void>((resolve) => (finish = resolve))
  })
  return { done, aborted, finish: () => finish() }
}

test('SIGTERM gives 20 seconds, says so, and then ends the process by the same signal', async () => {
  const { aborted, finish, done } = begin()
  process.emit('SIGTERM', 'SIGTERM')
  expect(aborted).toEqual([true])
  expect(said).toBe('stopping after this step, at the latest in 20 s (Ctrl-C again to stop at once)\n')
  vi.advanceTimersByTime(19_999)
  expect(killed).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(killed).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGTERM')
  expect(said).toContain(
    'this step takes more than 20 s: stopping at once; --resume goes on from the last checkpoint\n',
  )
  finish()
  await done
})

test('work that ends in time is not ended', async () => {
  const { finish, done } = begin()
  process.emit('SIGTERM', 'SIGTERM')
  vi.advanceTimersByTime(10_000)
  finish()
  await done
  vi.advanceTimersByTime(60_000)
  expect(killed).not.toHaveBeenCalled()
})

test('Ctrl-C has no deadline; a second one ends the process at once', async () => {
  const { finish, done } = begin()
  process.emit('SIGINT', 'SIGINT')
  expect(said).toBe('stopping after this step (Ctrl-C again to stop at once)\n')
  vi.advanceTimersByTime(3_600_000)
  expect(killed).not.toHaveBeenCalled()
  process.emit('SIGINT', 'SIGINT')
  expect(killed).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGINT')
  finish()
  await done
})
