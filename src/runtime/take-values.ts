import type { StageSpec } from '../artefact/stages.js'
import { type Place, checkpointName } from './checkpoint.js'
import { changedModels, checkpointFile } from './stage-state.js'
import type { TrainContext } from './train-context.js'

/** The values of what a stage changed are from now on those of a checkpoint of it. */
export async function takeValues(
  stage: StageSpec,
  place: Place,
  { artefact, folder, weights }: Pick<TrainContext, 'artefact' | 'folder' | 'weights'>,
): Promise<void> {
  const directory = folder.path(checkpointName(place))
  for (const model of changedModels(stage))
    await weights.replace(model, `${directory}/${checkpointFile(artefact.manifest, model)}`)
  await weights.average(stage, `${directory}/optimizer.safetensors`)
}
