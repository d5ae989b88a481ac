import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import type { Json } from '../../../artefact/json.js'
import { DataInvalid } from '../dataset.js'
import { type Records, recordsOf } from './records.js'

export const lineHelp =
  'a .csv or .tsv file whose first line names its columns, or a .jsonl file with one object a line; pictures by their paths from the file'

/** A line by column; a text says why it cannot be read. */
export type Line = ReadonlyMap<string, unknown> | string

/** The lines of a table, which stay in the file. */
export interface Lines {
  readonly count: number
  /** Some that follow each other. */
  at(first: number, count: number): readonly Line[]
  /** All, a block at a time. */
  all(): Iterable<Line>
  /** Throws DataInvalid where there is no column of a name. */
  demand(names: readonly string[]): void
  fingerprint(settings: Json): string
}

/** How many lines are parsed together, and how many are asked which columns there are. */
const together = 1024

/** Opens a table. Throws DataMissing or DataInvalid. */
export async function linesOf(file: string, separator: string): Promise<Lines> {
  const ending = extname(file).toLowerCase()
  if (ending === '.jsonl' || ending === '.ndjson') return objectsOf(file)
  if (ending === '.json')
    throw new DataInvalid(
      `${file} is one JSON text, which is no table`,
      "write one object a line, as .jsonl: `jq -c '.[]' a.json > a.jsonl`",
    )
  return cellsOf(file, separator === '' ? (ending === '.tsv' ? '\t' : ',') : separator, ending)
}

async function cellsOf(file: string, separator: string, ending: string): Promise<Lines> {
  const { parse } = await import('csv-parse/sync')
  // In .tsv quotes are characters as others are.
  const quoted = ending !== '.tsv'
  const quotes = quoted ? { quote: 0x22, separator: separator.charCodeAt(0) } : null
  const records = recordsOf(file, quotes, lineHelp)
  const rowsOf = (text: string): readonly (readonly string[])[] =>
    parse(text, {
      bom: true,
      delimiter: separator,
      record_delimiter: ['\r\n', '\n', '\r'],
      quote: quoted ? '"' : null,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
    })
  const namesIn = (line: string): readonly string[] => {
    try {
      return rowsOf(line)[0] ?? []
    } catch (error) {
      throw new DataInvalid(`${file} is no table: line 1: ${reasonOf(error)}`, lineHelp)
    }
  }
  if (records.count === 0) throw new DataInvalid(`${file} is empty`, lineHelp)
  const header = records.text(0)
  if (header === null) throw notUtf8(file)
  const names = namesIn(header)
  const lineOf = (cells: readonly string[]): Line =>
    cells.length === names.length
      ? new Map(cells.map((cell, k) => [names[k] ?? '', cell === '' ? undefined : cell]))
      : `it has ${cells.length} cells for ${names.length} columns`
  const one = (index: number): Line => {
    const text = records.text(index + 1)
    if (text === null) return 'its text is no UTF-8'
    try {
      const [cells] = rowsOf(text)
      return cells ? lineOf(cells) : 'it is empty'
    } catch (error) {
      return reasonOf(error)
    }
  }
  const at = (first: number, count: number): readonly Line[] => {
    const last = Math.min(first + count, records.count - 1)
    if (last - first > 1) {
      const text = records.text(first + 1, last - first)
      try {
        const rows = text === null ? [] : rowsOf(text)
        if (rows.length === last - first) return rows.map(lineOf)
      } catch {
        // Which of them it is, is found below.
      }
    }
    return Array.from({ length: last - first }, (_, k) => one(first + k))
  }
  return {
    ...linesIn(records, records.count - 1, at),
    demand(wanted) {
      const twice = names.find((name, k) => wanted.includes(name) && names.indexOf(name) !== k)
      if (twice !== undefined)
        throw new DataInvalid(`${file} has two columns \`${twice}\``, 'give them different names')
      const absent = wanted.find((name) => !names.includes(name))
      if (absent !== undefined) throw noColumn(file, absent, names, separatorIn(header, separator))
    },
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it is no line of a table'

function objectsOf(file: string): Lines {
  const records = recordsOf(file, null, lineHelp)
  if (records.count === 0) throw new DataInvalid(`${file} is empty`, lineHelp)
  const one = (text: string | null): Line => {
    if (text === null) return 'its text is no UTF-8'
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return 'it is no JSON'
    }
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? new Map<string, unknown>(Object.entries(value))
      : 'it is no object'
  }
  const at = (first: number, count: number): readonly Line[] => {
    const length = Math.min(count, records.count - first)
    const texts =
      records
        .text(first, length)
        ?.split(/[\r\n]+/)
        .filter((text) => text !== '') ?? []
    return Array.from({ length }, (_, k) =>
      one(texts.length === length ? (texts[k] ?? null) : records.text(first + k)),
    )
  }
  const [start] = at(0, 1)
  if (typeof start === 'string') throw new DataInvalid(`${file}, line 1: ${start}`, lineHelp)
  const lines = linesIn(records, records.count, at)
  return {
    ...lines,
    demand(wanted) {
      // Objects need not have all: a column is there where one of them has it.
      const missing = new Set(wanted)
      const names = new Set<string>()
      for (const line of lines.all()) {
        if (typeof line === 'string') continue
        for (const name of line.keys()) {
          missing.delete(name)
          if (names.size < 20) names.add(name)
        }
        if (missing.size === 0) return
      }
      const [absent] = missing
      if (absent !== undefined) throw noColumn(file, absent, [...names])
    },
  }
}

const linesIn = (
  records: Records,
  count: number,
  at: Lines['at'],
): Pick<Lines, 'count' | 'at' | 'all' | 'fingerprint'> => ({
  count,
  at,
  *all() {
    for (let first = 0; first < count; first += together) yield* at(first, together)
  },
  fingerprint: (settings) =>
    createHash('sha256').update(JSON.stringify(settings)).update(records.sha256).digest('hex'),
})

const notUtf8 = (file: string): DataInvalid =>
  new DataInvalid(`the text of ${file} is no UTF-8`, 'save it as UTF-8: `iconv -f LATIN1 -t UTF-8`')

/** What parts the cells of a line that the separator leaves whole. */
const separatorIn = (line: string, separator: string): string | undefined =>
  line.includes(separator) ? undefined : [';', '\t', ',', '|'].find((other) => line.includes(other))

function noColumn(file: string, absent: string, names: readonly string[], other?: string): DataInvalid {
  const some = names.slice(0, 20).map((name) => (name.trim() === name ? name : JSON.stringify(name)))
  const help =
    other === undefined
      ? `it has ${some.join(', ')}`
      : `its cells seem to be parted by ${JSON.stringify(other)}: write \`separator = ${JSON.stringify(other)}\``
  return new DataInvalid(`${file} has no column \`${absent}\``, help)
}
