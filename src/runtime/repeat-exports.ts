import { notEnded, nothingToExport } from '../diagnostics/catalogue/exporting.js'
import { changedModel } from '../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { parseManifest } from './artefact.js'
import type { RunEvent } from './events.js'
import { badCarried } from './exports/carry-over.js'
import { writeExports } from './exports/index.js'
import { changedModelFiles } from './model-files.js'
import { Problems, exportedModels } from './prepare.js'
import { RunFolder } from './run-folder.js'
import { RunLock } from './run-lock.js'
import { findIntact } from './run-progress.js'
import { withRandomWeights } from './substitutes.js'
import { takeValues } from './take-values.js'
import { Weights } from './weights.js'

export interface RepeatOptions {
  readonly root: string
  /** As the run was told where its stages end. */
  readonly steps?: number | undefined
  readonly onEvent: (event: RunEvent) => void
}

/**
 * Writes the exports of a run that has ended once more, from its last checkpoints: nothing is trained, and no data is
 * opened. Gives the folder of each. Throws UserError, and Problems.
 */
export async function repeatExports(
  directory: string,
  { root, steps, onEvent }: RepeatOptions,
): Promise<Record<string, string>> {
  const folder = new RunFolder(directory)
  const span: Span = { file: directory, start: 0, end: 0 }
  const { manifestText: text } = folder
  if (!folder.isRun || text === undefined) throw new UserError(nothingToExport(span, { folder: directory }))
  const warn = (diagnostic: UserError['diagnostic']): void => onEvent({ kind: 'warning', diagnostic })
  const lock = RunLock.take(directory, span, warn)
  try {
    const { record } = folder
    if (!record) throw new UserError(nothingToExport(span, { folder: directory }))
    const manifest = parseManifest(text, { ...span, file: folder.path('manifest.json') })
    const stages = manifest.stages.map((stage) => ({
      stage,
      steps: Math.min(steps ?? stage.steps, stage.steps),
    }))
    const { progress } = await findIntact(folder, record.seed, stages)
    const next = stages[progress.done.length]
    if (next)
      throw new UserError(
        notEnded(span, {
          folder: directory,
          stage: next.stage.name,
          steps: next.steps,
          at: progress.within?.step ?? progress.beyond?.step ?? 0,
        }),
      )
    const given = manifest.models.filter(({ name }) => !record.random.weights.includes(name))
    const changed = changedModelFiles(given, root)
    const artefact = { manifest, files: folder.exportGraphs(manifest) }
    const { weights, problems } = await Weights.open(
      withRandomWeights(manifest, record.random.weights),
      {
        root,
        directory,
        seed: record.seed,
        spanOf: () => span,
        onConvert: (conversion) => onEvent({ kind: 'converting', ...conversion }),
        onWarning: warn,
      },
      [
        ...(changed.length > 0 ? [changedModel(span, { files: changed })] : []),
        ...badCarried(exportedModels(manifest), root),
      ],
    )
    if (problems.length > 0) throw new Problems(problems)
    const context = { artefact, weights, folder, emit: onEvent }
    for (const [k, { stage }] of stages.entries()) {
      weights.begin(stage)
      await takeValues(stage, { stage: stage.name, step: progress.done[k]?.step ?? 0 }, context)
    }
    return await writeExports(context, root)
  } finally {
    lock.release()
  }
}
