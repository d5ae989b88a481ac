import type { Json } from '../artefact/json.js'
import { beside, published } from '../evaluations/kind.js'
import { isRecord } from '../json/is-record.js'
import { formatNumber } from './format-number.js'

type Metrics = Readonly<Record<string, Json>>

/**
 * A line for each metric that has an interval, with what it is by chance, whether it can be told from that, and what others
 * have published: `nmi 0.63 [0.62, 0.64], chance 0.002; published: clip 0.63, dcr 0.73`. Cases with their names before.
 */
export function estimateLines(metrics: Metrics): readonly string[] {
  const own = Object.keys(metrics).flatMap((name) => {
    const interval = metrics[`${name}_interval`]
    if (!isList(interval)) return []
    const ends = interval.map((end) => shown(end)).join(', ')
    const chance = metrics[`${name}_chance`]
    const at = metrics[`${name}_at`]
    const by = chance === undefined ? '' : `, chance ${shown(chance)}`
    const standing = typeof at === 'string' ? `, at the ${at}` : ''
    return [`${name} ${shown(metrics[name])} [${ends}]${by}${standing}${others(metrics, name)}`]
  })
  return [...own, ...leftOut(metrics), ...ofCases(metrics, estimateLines)]
}

/** How it was measured. */
export function protocolLines(metrics: Metrics): readonly string[] {
  const { protocol } = metrics
  // references are measured by the same
  const { [beside]: _, ...own } = metrics
  return [...(typeof protocol === 'string' ? [protocol] : []), ...ofCases(own, protocolLines)]
}

const leftOut = (metrics: Metrics): readonly string[] =>
  Object.entries(metrics).flatMap(([name, without]) =>
    name.endsWith('_without') && isList(without)
      ? [
          `the mean ${name.slice(0, -'_without'.length)} leaves out ${without.map(String).join(', ')}: at the floor or ceiling at the start`,
        ]
      : [],
  )

const ofCases = (metrics: Metrics, lines: (one: Metrics) => readonly string[]): readonly string[] =>
  Object.entries(metrics).flatMap(([name, one]) =>
    name !== published && isRecord(one) ? lines(one).map((line) => `${name}: ${line}`) : [],
  )

function others(metrics: Metrics, name: string): string {
  const all = metrics[published]
  const numbers = isRecord(all) ? all[name] : undefined
  if (!isRecord(numbers)) return ''
  const list = Object.entries(numbers).map(([who, value]) => `${who} ${shown(value)}`)
  return `; published: ${list.join(', ')}`
}

const shown = (value: Json | undefined): string => (typeof value === 'number' ? formatNumber(value) : 'none')

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
