/**
 * Takes the trained base models of the quickstart from a finished run:
 *
 *   npx tsx test/tools/base-record.ts runs/base
 *
 * Copies its exports to pipelines/quickstart/base/ and writes base.json beside them: how they were made, and the losses
 * of the first steps, which a test repeats.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Manifest } from '../../src/artefact/manifest.js'
import type { RunRecord } from '../../src/runtime/run-folder.js'
import { metricsOf } from '../evidence/runs.js'

export interface BaseRecord {
  readonly command: string
  readonly seed: number
  readonly params: Manifest['params']
  readonly manifest: string
  readonly versions: Omit<RunRecord, 'version' | 'seed' | 'data'>
  readonly data: RunRecord['data']
  readonly stages: readonly {
    readonly name: string
    readonly hash: string
    readonly steps: number
    /** Fewer than `steps` when the run was cut short by `--steps`. */
    readonly ran: number
    /** The mean over the last hundred steps. */
    readonly finalLoss: number
    readonly firstLosses: readonly number[]
  }[]
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>
}

export const baseFolder = fileURLToPath(new URL('../../pipelines/quickstart/base', import.meta.url))
export const firstSteps = 20

function recordOf(run: string): BaseRecord {
  const read = <T>(file: string): T => JSON.parse(readFileSync(join(run, file), 'utf8')) as T
  const manifest = read<Manifest>('manifest.json')
  const { version: _version, seed, data, ...versions } = read<RunRecord>('run.json')
  const lines = metricsOf(run)
  const stages = manifest.stages.map(({ name, hash, steps }) => {
    const losses = lines.filter(({ stage }) => stage === name).map(({ loss }) => loss)
    if (losses.length === 0) throw new Error(`stage ${name} of ${run} has not run`)
    const last = losses.slice(-100)
    const finalLoss = last.reduce((sum, loss) => sum + loss, 0) / last.length
    return { name, hash, steps, ran: losses.length, finalLoss, firstLosses: losses.slice(0, firstSteps) }
  })
  const longest = Math.max(...stages.map(({ ran }) => ran))
  const cut = stages.some(({ ran, steps }) => ran < steps) ? ` --steps ${longest}` : ''
  const files = manifest.exports.map(({ name }) => {
    const bytes = readFileSync(join(run, 'export', name, 'model.safetensors'))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return [`${name}.safetensors`, { bytes: bytes.length, sha256 }] as const
  })
  return {
    command: `npx dcrc run pipelines/quickstart/base.dcr --seed ${seed}${cut}`,
    seed,
    params: manifest.params,
    manifest: manifest.hash,
    versions,
    data,
    stages,
    files: Object.fromEntries(files),
  }
}

/** The record of the base models in the repository. */
export const readBaseRecord = (): BaseRecord =>
  JSON.parse(readFileSync(join(baseFolder, 'base.json'), 'utf8')) as BaseRecord

const [, script, run] = process.argv
if (script === fileURLToPath(import.meta.url)) {
  if (run === undefined) throw new Error('usage: npx tsx test/tools/base-record.ts RUN')
  const record = recordOf(run)
  mkdirSync(baseFolder, { recursive: true })
  for (const file of Object.keys(record.files))
    copyFileSync(
      join(run, 'export', file.replace('.safetensors', ''), 'model.safetensors'),
      join(baseFolder, file),
    )
  writeFileSync(join(baseFolder, 'base.json'), `${JSON.stringify(record, null, 2)}\n`)
}
