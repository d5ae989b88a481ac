import type { Screen } from '../runtime/screen.js'

/** Ctrl-C asks the work to come to a good end; a second one ends the process at once. */
export async function withInterrupt<T>(
  screen: Screen,
  work: (controller: AbortController) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let interrupted = false
  const release = (): void => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  const stop = (signal: NodeJS.Signals): void => {
    if (interrupted) {
      // by the signal itself: an exit in the middle of a run of onnxruntime aborts
      release()
      process.kill(process.pid, signal)
      return
    }
    interrupted = true
    screen.write('stopping after this step (Ctrl-C again to stop at once)\n')
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    return await work(controller)
  } finally {
    release()
  }
}
