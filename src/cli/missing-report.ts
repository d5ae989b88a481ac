import type { StagePlan } from '../compiler/plan/report.js'
import { bytes, count, flops } from '../diagnostics/units.js'
import type { Machine } from '../runtime/machine.js'
import type { Missing, MissingData, MissingWeights } from './missing.js'

/** One entry for each model and data set that is not there: what it is, how large, under which licence, how to get it. */
export function describeMissing({ weights, data }: Missing): string {
  return [...weights.map(describeWeights), ...data.map(describeData)]
    .map((lines) => lines.map((line, i) => (i === 0 ? `  ${line}` : `    ${line}`)).join('\n'))
    .join('\n')
}

function describeWeights({ models, from, published, parameters, bytes: size }: MissingWeights): string[] {
  const licence =
    published === undefined
      ? 'licence: that of its source'
      : `licence: ${published.licence ?? `see the model card of ${published.id}`}`
  return [
    `weights of ${models.join(', ')}: not at ${from.join(', ')}, nor in the Hugging Face cache`,
    `${bytes(size)} for ${count(parameters)} parameters, ${licence}`,
    weightsHelp({ published, from }),
  ]
}

/** How to get weights that are not there. */
export const weightsHelp = ({ published, from }: Pick<MissingWeights, 'published' | 'from'>): string =>
  published === undefined
    ? 'put them there: a .safetensors file, or a Hugging Face folder'
    : fetchCommand(published.id, from[0] ?? '')

/** The command that puts a published model where it is looked for: into a folder of its name, or into the cache. */
function fetchCommand(id: string, from: string): string {
  const parts = from.split('/')
  const at = parts.indexOf(id.slice(id.indexOf('/') + 1))
  const to = from.startsWith(id) ? '' : ` --to ${parts.slice(0, at + 1).join('/')}`
  return `npx dcrc fetch ${id}${to}`
}

const describeData = ({ data, problem, help, rowBytes }: MissingData): string[] => [
  `data ${data.join(', ')}: ${problem}`,
  `${rowBytes.map(bytes).join(', ')} a row in memory, licence: that of its source`,
  help,
]

/** What the stages take on a machine: a lower bound of the time, and the predicted peak of memory. */
export function describePrediction(stages: readonly StagePlan[], machine: Machine): string {
  const rate = `${flops(machine.flopsPerSecond)}/s`
  const lines = stages.map((s) => {
    const seconds = s.flops / machine.flopsPerSecond
    const whole = `${s.steps.toLocaleString('en')} steps at least ${duration(seconds * s.steps)}`
    const short = s.memory.peak > machine.memory ? ', more than this machine has' : ''
    return `  stage ${s.stage}: at least ${duration(seconds)} a step, ${whole}; ${bytes(s.memory.peak)} of memory${short}`
  })
  return [
    `on this machine, with ${bytes(machine.memory)} of memory, if all ran as fast as large matrix products do (${rate}, measured just now):`,
    ...lines,
  ].join('\n')
}

/** `0.12 core-hours`. */
export const coreHours = (hours: number): string =>
  `${hours >= 100 ? Math.round(hours).toLocaleString('en') : hours.toPrecision(2)} core-hours`

const units = [
  [86_400 * 365, 'years'],
  [86_400, 'days'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const

/** `4.8 min`, `320 days`. */
export function duration(seconds: number): string {
  const [size, unit] = units.find(([s]) => seconds >= 2 * s) ?? [1, 's']
  const value = seconds / size
  return `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2)} ${unit}`
}
