import type { Engine } from './engine.js'
import { localEngine } from './local.js'
import { scriptEngine, slurmEngine } from './slurm/slurm.js'

/** Who can run an experiment, by the name that `--on` takes. */
export const engines = {
  local: localEngine,
  slurm: slurmEngine,
  script: scriptEngine,
} as const satisfies Readonly<Record<string, Engine>>
export type EngineName = keyof typeof engines
export const engineNames = Object.keys(engines) as readonly EngineName[]
