import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Artefact } from '../artefact/manifest.js'
import type { StageSpec } from '../artefact/stages.js'
import { RunFolder } from '../runtime/run-folder.js'
import { runPipeline } from '../runtime/run.js'
import type { StageNode } from './stage-graph.js'

/** Steps that are trained to see how long one takes; the first one, which loads the stage, does not count. */
const steps = 10

/** How long a step takes here, in seconds, by the keys of stages; none where a stage could not be tried. */
export type StepTimes = ReadonlyMap<string, number>

/**
 * Trains a few steps of every stage that is to be trained, in a folder that does not stay: once of those that compute
 * the same, whatever their values and seeds.
 */
export async function probe(
  nodes: readonly StageNode[],
  artefactOf: (label: string) => Artefact,
  root: string,
): Promise<StepTimes> {
  const known = new Map<string, number>()
  const workOf = (label: string, stage: StageSpec): string => {
    const { files } = artefactOf(label).manifest
    return JSON.stringify(
      stage.updates.map(({ times, accumulate, graphs: { step, micro } }) => [
        times,
        accumulate,
        [step, micro].map((graph) => graph && files[graph.file]),
      ]),
    )
  }
  for (const { stage, cells } of nodes) {
    const { label } = cells[0].variant
    if (known.has(workOf(label, stage))) continue
    const artefact = artefactOf(label)
    for (const [name, seconds] of await stepTimes(artefact, stage.name, root)) {
      const own = artefact.manifest.stages.find((s) => s.name === name)
      if (own) known.set(workOf(label, own), seconds)
    }
  }
  return new Map(
    nodes.flatMap(({ key, stage, cells }) => {
      const seconds = known.get(workOf(cells[0].variant.label, stage))
      return seconds === undefined ? [] : [[key, seconds]]
    }),
  )
}

/** Seconds of a step of each stage up to one. */
async function stepTimes(
  { manifest, files }: Artefact,
  until: string,
  root: string,
): Promise<ReadonlyMap<string, number>> {
  const stages = manifest.stages.map((stage) => ({
    ...stage,
    measures: [],
    keep_best: null,
    stop: null,
    monitors: [],
  }))
  const directory = mkdtempSync(join(tmpdir(), 'dcrc-probe-'))
  try {
    const runDir = join(directory, 'run')
    await runPipeline(
      { files, manifest: { ...manifest, stages, evaluations: [], exports: [] } },
      { root, runDir, steps, until },
    )
    const folder = new RunFolder(runDir)
    const lines = folder.isRun ? folder.readMetrics() : []
    return new Map(
      manifest.stages.flatMap(({ name }) => {
        const own = lines.filter(({ stage, step }) => stage === name && step > 1)
        const times = own.map(({ step_ms: work, data_ms: wait }) => work + wait).sort((a, b) => a - b)
        const middle = times[Math.floor(times.length / 2)]
        return middle === undefined ? [] : [[name, middle / 1000]]
      }),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
