import { harmless, widthOf } from '../diagnostics/text-width.js'
import type { ClassCount } from './balance.js'
import type { Look } from './look.js'
import type { Spread } from './spread.js'

/** What was seen, as lines of a label and a text; a label that is empty goes on with the one above. */
export function describeLook(look: Look): readonly (readonly [label: string, text: string])[] {
  const { looked, classes, pictures, duplicates, bad, rowsPerSecond, samples } = look
  const good = looked - bad.length
  const repeated = duplicates.reduce((sum, group) => sum + group.length - 1, 0)
  const lines: readonly Line[] = [
    ...classes.flatMap(({ field, counts }) => listed(field, balanceLines(counts, good))),
    ...pictures.map(({ column, width, height }): Line => [
      'stored',
      `${column}: width ${spread(width)}, height ${spread(height)} (least, median, most)`,
    ]),
    ...pictures.map(({ column, borders: { bordered, white } }): Line => [
      'borders',
      bordered === 0
        ? `${column}: none has one of one colour`
        : `${column}: ${share(bordered, good)} have one of one colour, ${number(white)} of them a white one; \`trim_border\` takes them off`,
    ]),
    ['duplicates', repeated === 0 ? 'none' : `${share(repeated, good)} are as an earlier one`],
    ...some(duplicates, (group) => some(group, (name) => name).join(' = ')).map((text): Line => ['', text]),
    ['bad', bad.length === 0 ? 'none' : `${share(bad.length, looked)} cannot be read`],
    ...some(bad, ({ sample, reason }) => `${sample}: ${reason}`).map((text): Line => ['', text]),
    ...(rowsPerSecond === null
      ? []
      : [
          [
            'rate',
            `${number(Number(rowsPerSecond.toPrecision(2)))} rows/s, read and made into fields`,
          ] as const,
        ]),
    ...listed(
      'samples',
      samples.map(({ name, values }) => [name, ...values.map((v) => `${v.name} ${v.text}`)].join(', ')),
    ),
  ]
  return lines.map(([label, text]) => [label, harmless(text)])
}

type Line = readonly [label: string, text: string]

const number = (n: number): string => n.toLocaleString('en')
const share = (part: number, whole: number): string =>
  `${number(part)} of ${number(whole)} (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`
const spread = ({ min, median, max }: Spread): string => [min, median, max].map(number).join(', ')
const listed = (label: string, texts: readonly string[]): readonly Line[] =>
  texts.map((text, k) => [k === 0 ? label : '', text])

/** Of many, the first ones and how many more there are. */
function some<T>(all: readonly T[], text: (each: T) => string, most = 6): readonly string[] {
  const first = all.slice(0, most).map(text)
  return all.length > most ? [...first, `and ${number(all.length - most)} more`] : first
}

/** Classes that are listed one by one. */
const mostClasses = 20
const barLength = 20

function balanceLines(counts: readonly ClassCount[], rows: number): readonly string[] {
  if (counts.length === 0) return []
  const label = ({ value, name }: ClassCount): string =>
    name === null || name === `${value}` ? `${value}` : `${value} ${name}`
  const width = Math.max(...counts.slice(0, mostClasses).map((c) => widthOf(label(c))))
  const padded = (text: string): string => text + ' '.repeat(width - widthOf(text))
  const most = Math.max(...counts.map(({ count }) => count))
  const least = Math.min(...counts.map(({ count }) => count))
  const lines = some(
    counts,
    (c) => {
      const percent = ((100 * c.count) / Math.max(1, rows)).toFixed(1)
      const bar = '█'.repeat(Math.round((barLength * c.count) / Math.max(1, most)))
      return `${padded(label(c))} ${number(c.count).padStart(6)} ${percent.padStart(5)} % ${bar}`.trimEnd()
    },
    mostClasses,
  )
  if (counts.length <= mostClasses) return lines
  const values = `${number(counts.length)} values`
  // Numbers that name rows, not classes.
  if (most === 1) return [`${values}, each in one row`]
  return [`${values}, each in ${number(least)} to ${number(most)} of the rows`, ...lines]
}
