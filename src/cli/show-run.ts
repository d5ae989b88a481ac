import type { Artefact } from '../artefact/manifest.js'
import type { RunEvent } from '../runtime/events.js'
import { createProgress } from '../runtime/progress.js'
import { type RunOptions, type RunResult, runPipeline } from '../runtime/run.js'
import type { Screen } from '../runtime/screen.js'
import { formatDiagnostics } from './print.js'

/**
 * Runs a pipeline in a lane of the screen, with a warning where an evaluation says that it failed, and with what is
 * wrong where the run fails.
 */
export async function showRun(
  source: string | Artefact,
  options: RunOptions,
  screen: Screen,
  label?: string,
): Promise<RunResult> {
  const lane = screen.lane(label)
  const progress = createProgress(lane)
  const onEvent = (event: RunEvent): void => {
    progress(event)
    options.onEvent?.(event)
    if (event.kind === 'warning') screen.write(formatDiagnostics([event.diagnostic]))
    if (event.kind !== 'evaluated') return
    const { verdict, passed } = event.metrics
    if (passed === false && typeof verdict === 'string') lane.say(`warning: ${event.evaluation}: ${verdict}`)
  }
  try {
    const result = await runPipeline(source, { ...options, onEvent })
    if (result.status === 'failed') screen.write(formatDiagnostics(result.diagnostics, options.texts))
    return result
  } finally {
    lane.end()
  }
}
