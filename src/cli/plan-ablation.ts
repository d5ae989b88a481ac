import { stageStore } from '../cache.js'
import { planAnalysed } from '../compiler/index.js'
import type { Artefact } from '../artefact/manifest.js'
import { bytes, flops } from '../diagnostics/units.js'
import { columns, wrap } from '../diagnostics/wrap.js'
import { metricText, plannedCells } from '../experiments/experiment.js'
import { costOf } from '../experiments/cost.js'
import { probe } from '../experiments/probe.js'
import { type StageNode, stageGraph } from '../experiments/stage-graph.js'
import { freeMemory } from '../runtime/free-memory.js'
import { measureMachine } from '../runtime/machine.js'
import { StageStore } from '../runtime/store/stage-store.js'
import { analyseVariants, draftOf } from './ablation.js'
import { compileVariants } from './compile-variants.js'
import { exitCodes } from './exit-codes.js'
import { coreHours, duration } from './missing-report.js'
import { checkBudget } from './budget.js'
import type { PlanOptions } from './plan.js'
import type { Target } from './target.js'

/** `dcrc plan` of an ablation: its runs, the stages that are to be trained for them, and what that takes. */
export async function planAblation(target: Target, name: string, options: PlanOptions): Promise<number> {
  const found = analyseVariants(target, name, options)
  if (!found) return exitCodes.userError
  const artefacts = new Map<string, Artefact>()
  const compiled = compileVariants(found.variants, 'files', (label, artefact) =>
    artefacts.set(label, artefact),
  )
  const experiment = { ...draftOf(found, {}, ''), ...compiled }
  const cells = plannedCells(experiment)
  const artefactOf = (label: string): Artefact => {
    const artefact = artefacts.get(label)
    if (!artefact) throw new Error(`${label} was not compiled`)
    return artefact
  }
  const { root } = target.files
  const store = new StageStore(stageStore(root))
  const { nodes, absent } = await stageGraph(cells, (label) => artefactOf(label).manifest, {
    root,
    steps: null,
    store,
  })
  const plans = new Map(
    found.variants.flatMap(({ label, analysis }) =>
      (planAnalysed(analysis).plan?.stages ?? []).map((stage) => [`${label} ${stage.stage}`, stage] as const),
    ),
  )
  const planOf = ({ cells: [{ variant }], stage }: StageNode) => plans.get(`${variant.label} ${stage.name}`)
  const left = nodes.filter(({ there }) => !there)
  const work = left.reduce((sum, node) => sum + node.steps * (planOf(node)?.flops ?? 0), 0)
  const disk = left.reduce((sum, node) => sum + (planOf(node)?.checkpointBytes ?? 0), 0)
  const peak = Math.max(0, ...left.map((node) => planOf(node)?.memory.peak ?? 0))
  const machine = await measureMachine()
  // steps are tried where they can be
  const tried = absent.length === 0 && left.length > 0 && peak < freeMemory()
  const cost = tried ? costOf(nodes, await probe(left, artefactOf, root)) : undefined
  const known = cost && cost.unknown === 0 ? cost : undefined
  if (options.json) {
    const told = nodes.map((node) => ({
      key: node.key,
      stage: node.stage.name,
      variant: node.cells[0].variant.label,
      seed: node.cells[0].seed,
      steps: node.steps,
      runs: node.cells.length,
      after: node.after,
      there: node.there,
      flops: node.steps * (planOf(node)?.flops ?? 0),
    }))
    const whole = {
      ablation: name,
      runs: cells.length,
      stages: told,
      flops: work,
      disk,
      peak,
      absent,
      cost: known ?? null,
    }
    process.stdout.write(`${JSON.stringify(whole, null, 2)}\n`)
    return exitCodes.done
  }
  const { select } = experiment
  const rows = new Set(experiment.variants.map(({ row }) => row)).size
  const there = nodes.length - left.length
  const seconds = work / machine.flopsPerSecond
  const costs = [
    known
      ? `  compute      ${coreHours(known.coreHours)}: ${duration(known.seconds)} of this machine, by some steps of each stage, tried just now; evaluations come on top`
      : `  compute      ${flops(work)}: at least ${duration(seconds)} of this machine (large matrix products run at ${flops(machine.flopsPerSecond)}/s, measured just now); evaluations come on top`,
    `  peak memory  ${bytes(peak)} predicted for a run; with --jobs n up to n times that`,
    `  disk         ${bytes(disk)} of checkpoints`,
  ]
  const lines = [
    `ablation ${name}`,
    `  runs         ${cells.length}: ${rows} ${rows === 1 ? 'variant' : 'variants'} with ${seedsText(experiment.seeds)} each`,
    ...(select
      ? [
          `  select       ${cells.length - rows * experiment.seeds.length} of them: ${select.param} of each variant by ${metricText(select.by)}, ${experiment.variants.length / rows} values with ${seedsText(select.seeds)} each`,
        ]
      : []),
    `  stages       ${left.length} to train${there > 0 ? `, ${there} already there` : ''}; without sharing ${nodes.reduce((sum, node) => sum + node.cells.length, 0)}`,
    ...summaryOf(nodes).map((text) => `    ${text}`),
    ...(left.length > 0 ? costs : []),
    ...(absent.length > 0
      ? [`  not there    ${absent.join(', ')}: which stages are there already shows when they are`]
      : []),
  ]
  process.stdout.write(`${lines.map((line) => wrap(line, columns(), 15)).join('\n')}\n`)
  if (options.budget !== undefined) checkBudget(cost, options.budget, target.entry)
  return exitCodes.done
}

const seedsText = ({ length }: readonly number[]): string => `${length} ${length === 1 ? 'seed' : 'seeds'}`

/** `align: 4 (100 steps), each for 3 runs`, by the names of stages. */
function summaryOf(nodes: readonly StageNode[]): readonly string[] {
  const names = [...new Set(nodes.map(({ stage }) => stage.name))]
  return names.map((name) => {
    const own = nodes.filter(({ stage }) => stage.name === name)
    const range = (values: readonly number[]): string => {
      const [least, most] = [Math.min(...values), Math.max(...values)]
      const text = (value: number): string => value.toLocaleString('en')
      return least === most ? text(least) : `${text(least)} to ${text(most)}`
    }
    const runs = range(own.map((node) => node.cells.length))
    return `${name}: ${own.length}, of ${range(own.map((node) => node.steps))} steps, each for ${runs} ${runs === '1' ? 'run' : 'runs'}`
  })
}
