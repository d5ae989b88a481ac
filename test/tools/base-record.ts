/**
 * Takes trained weights of the quickstart's base from a finished run of text.dcr, generator.dcr or clip.dcr:
 *
 *   npm run base:record -- RUN
 *
 * They come to lie in pipelines/quickstart/base/, and beside them a record, such as generator.json: how they were made,
 * and the losses of the first steps, which a test repeats.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Manifest } from '../../src/artefact/manifest.js'
import { writeWhole } from '../../src/durable.js'
import type { RunRecord } from '../../src/runtime/run-folder.js'
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js'
import { metricsOf } from '../evidence/runs.js'

/** What the base takes of each pipeline's run: of an export the parameters that begin so, as a file of this name. */
const taken = {
  text: { model: 'clip', prefix: 'text_model.', file: 'text.safetensors' },
  generator: { model: 'unet', prefix: '', file: 'unet.safetensors' },
  clip: { model: 'clip', prefix: '', file: 'clip.safetensors' },
} as const

export type BasePipeline = keyof typeof taken
export const basePipelines = Object.keys(taken) as BasePipeline[]

export interface BaseRecord {
  readonly command: string
  readonly seed: number
  readonly params: Manifest['params']
  readonly versions: Omit<RunRecord, 'version' | 'seed' | 'data'>
  readonly data: RunRecord['data']
  readonly stage: string
  readonly steps: number
  /** The mean over the last hundred steps. */
  readonly finalLoss: number
  readonly firstLosses: readonly number[]
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

export const baseFolder = fileURLToPath(new URL('../../pipelines/quickstart/base', import.meta.url))
export const firstSteps = 20

const isBase = (name: string): name is BasePipeline => Object.hasOwn(taken, name)

async function record(run: string): Promise<void> {
  const read = <T>(file: string): T => JSON.parse(readFileSync(join(run, file), 'utf8')) as T
  const manifest = read<Manifest>('manifest.json')
  const name = manifest.pipeline
  if (!isBase(name)) throw new Error(`${run} is a run of ${name}, of which the base takes nothing`)
  const { model, prefix, file } = taken[name]
  const { version: _version, seed, data, ...versions } = read<RunRecord>('run.json')
  const [stage] = manifest.stages
  const losses = metricsOf(run).map(({ loss }) => loss)
  if (!stage || losses.length !== stage.steps) throw new Error(`${run} has not run to its end`)

  const exported = join(run, 'export', model)
  const [weights] = readdirSync(exported).filter((entry) => entry.endsWith('.safetensors'))
  if (weights === undefined) throw new Error(`${exported} holds no weights`)
  const { tensors } = await openSafetensors(join(exported, weights))
  const kept = [...tensors].flatMap(([path, tensor]) =>
    path.startsWith(prefix)
      ? [{ name: path, dtype: 'f32' as const, shape: tensor.shape, content: tensor }]
      : [],
  )
  await writeSafetensors(join(baseFolder, file), kept, { format: 'pt' })

  const bytes = readFileSync(join(baseFolder, file))
  const last = losses.slice(-100)
  // Where the drawings lay says nothing of what was trained.
  const { art: _art, ...params } = manifest.params
  const made: BaseRecord = {
    command: `npx dcrc run pipelines/quickstart/${name}.dcr --seed ${seed}`,
    seed,
    params,
    versions,
    data,
    stage: stage.name,
    steps: stage.steps,
    finalLoss: last.reduce((sum, loss) => sum + loss, 0) / last.length,
    firstLosses: losses.slice(0, firstSteps),
    file,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }
  writeWhole(join(baseFolder, `${name}.json`), `${JSON.stringify(made, null, 2)}\n`)
}

/** The record of what the base has of a pipeline. */
export const readBaseRecord = (name: BasePipeline): BaseRecord =>
  JSON.parse(readFileSync(join(baseFolder, `${name}.json`), 'utf8')) as BaseRecord

const [, script, run] = process.argv
if (script === fileURLToPath(import.meta.url)) {
  if (run === undefined) throw new Error('usage: npm run base:record -- RUN')
  await record(run)
}
