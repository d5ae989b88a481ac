/** Ctrl-C asks the work to come to a good end; a second one ends the process at once. */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const release = (): void => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      // by the signal itself: an exit in the middle of a run of onnxruntime aborts
      release()
      process.kill(process.pid, signal)
      return
    }
    process.stderr.write('\nstopping after this step (Ctrl-C again to stop at once)\n')
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    return await work(controller.signal)
  } finally {
    release()
  }
}
