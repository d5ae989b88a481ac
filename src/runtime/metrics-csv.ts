import { type MetricsLine, updatesOf } from './metrics-line.js'

/** Lines of metrics as a table for each stage, in the order of steps; lists of numbers are left out. */
export function csvOf(lines: readonly MetricsLine[]): ReadonlyMap<string, string> {
  const stages = new Map<string, Readonly<Record<string, unknown>>[]>()
  for (const line of lines) {
    const rows = stages.get(line.stage) ?? []
    stages.set(line.stage, rows)
    rows.push(rowOf(line))
  }
  return new Map([...stages].map(([stage, rows]) => [stage, tableOf(rows)]))
}

function rowOf(line: MetricsLine): Readonly<Record<string, unknown>> {
  const updates = updatesOf(line).flatMap(([update, { loss, lr, grad_norm: norm }]) => {
    const rates = typeof lr === 'number' ? [['lr', lr]] : lr.map((rate, k) => [`lr_${k}`, rate])
    const values: unknown[][] = [['loss', loss], ...rates, ['grad_norm', norm]]
    return values.map(([name, value]) => [update === null ? name : `${update}.${String(name)}`, value])
  })
  const monitors = Object.entries(line.monitors).filter(([, value]) => !Array.isArray(value))
  return Object.fromEntries([
    ['step', line.step],
    ...updates,
    ...monitors,
    ['step_ms', line.step_ms],
    ['data_ms', line.data_ms],
  ]) as Readonly<Record<string, unknown>>
}

function tableOf(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cell = (value: unknown): string => (typeof value === 'number' ? String(value) : '')
  const lines = rows.map((row) => names.map((name) => cell(row[name])).join(','))
  return `${[names.join(','), ...lines].join('\n')}\n`
}
