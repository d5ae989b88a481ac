import type { Measured } from '../measured.js'

/** A line for every number of every run: what a spreadsheet or R reads without being told anything. */
export function csvTable({ columns, rows }: Measured): string {
  const head = ['variant', 'seed', 'state', 'moment', 'evaluation', 'metric', 'value', 'deviation']
  const lines = rows.flat().flatMap(({ cell, state, run, start, end, beside }) => {
    const of = [cell.variant.label, cell.seed, state.kind]
    if (!run) return [[...of, '', '', '', '', '']]
    const moments = [
      ['start', start],
      ...[...beside].map(([name, values]) => [`beside ${name}`, values] as const),
      ['end', end],
    ] as const
    return moments.flatMap(([moment, values]) =>
      columns.map(({ group, metric }, c) => {
        const { value = null, deviation = null } = values[c] ?? {}
        return [...of, moment, group, metric, value ?? '', deviation ?? '']
      }),
    )
  })
  return [head, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('')
}

/** A field of RFC 4180. */
const field = (value: string | number): string =>
  typeof value === 'string' && /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value)
