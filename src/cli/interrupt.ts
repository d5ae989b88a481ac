import { SaveRequests } from '../runtime/save-clock.js'
import type { Screen } from '../runtime/screen.js'

/** Seconds for which the work may go on that SIGTERM asks to end: who sends it kills after some more. */
const patience = 20

/**
 * Ctrl-C asks the work to come to a good end; a second one ends the process at once. So does SIGTERM, which nobody
 * sends twice, after a while: a single step may take hours. SIGUSR1 asks for a checkpoint.
 */
export async function withInterrupt<T>(
  screen: Screen,
  work: (controller: AbortController, saves: SaveRequests) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const saves = new SaveRequests()
  const save = (): void => void saves.count++
  let interrupted = false
  let clock: NodeJS.Timeout | undefined
  const release = (): void => {
    clearTimeout(clock)
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    process.off('SIGUSR1', save)
  }
  // by the signal itself: an exit in the middle of a run of onnxruntime aborts
  const end = (signal: NodeJS.Signals): void => {
    release()
    process.kill(process.pid, signal)
  }
  const late = (signal: NodeJS.Signals): void => {
    screen.write(
      `this step takes more than ${patience} s: stopping at once; --resume goes on from the last checkpoint\n`,
    )
    end(signal)
  }
  const stop = (signal: NodeJS.Signals): void => {
    if (interrupted) return end(signal)
    interrupted = true
    if (signal === 'SIGTERM') clock = setTimeout(() => late(signal), patience * 1000).unref()
    const until = signal === 'SIGTERM' ? `, at the latest in ${patience} s` : ''
    screen.write(`stopping after this step${until} (Ctrl-C again to stop at once)\n`)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('SIGUSR1', save)
  try {
    return await work(controller, saves)
  } finally {
    release()
  }
}
