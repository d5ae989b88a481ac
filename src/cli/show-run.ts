import type { RunEvent } from '../runtime/events.js'
import { createProgress } from '../runtime/progress.js'
import { printDiagnostics } from './print.js'

/** Shows a run on stderr, with a warning where an evaluation says that it failed. */
export function showRun(): (event: RunEvent) => void {
  const progress = createProgress(process.stderr)
  return (event) => {
    progress(event)
    if (event.kind === 'warning') printDiagnostics([event.diagnostic])
    if (event.kind !== 'evaluated') return
    const { verdict, passed } = event.metrics
    if (passed === false && typeof verdict === 'string')
      process.stderr.write(`warning: ${event.evaluation}: ${verdict}\n`)
  }
}
