import { basename, dirname, join, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import { declaredColumns } from '../../sources/column-type.js'
import declared from '../../sources/table.js'
import { encoded } from '../pictures/picture.js'
import { type ColumnValue, DataInvalid, type Row, type SourceOpener } from './dataset.js'
import { cellOf } from './files/cell.js'
import { fingerprintOf } from './files/fingerprint.js'
import { readText } from './files/read-text.js'
import { unreadable } from './sample-unreadable.js'

const help =
  'a .csv or .tsv file whose first line names its columns, or a .jsonl file with one object a line; pictures by their paths from the file'

const table = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const file = resolve(root, read.string('file'))
    const folder = read.string('folder') === '' ? dirname(file) : resolve(root, read.string('folder'))
    const text = readText(file, help)
    const { names, lines } = file.endsWith('.jsonl') ? objects(text, file) : await cells(text, file)
    const types = Object.entries(declaredColumns(settings['columns']))
    const absent = types.find(([name]) => !names.has(name))
    if (absent)
      throw new DataInvalid(
        `${file} has no column \`${absent[0]}\``,
        `it has ${[...names].slice(0, 20).join(', ')}`,
      )
    const rowOf = (index: number, wanted: (name: string) => boolean): Row => {
      const line = lines[index]
      if (!line) throw new RangeError(`no row ${index}`)
      const place = `${basename(file)}, row ${index + 1}`
      const picture = (value: unknown): ColumnValue =>
        typeof value === 'string'
          ? encoded(join(folder, value), value)
          : unreadable(place, 'a picture is named by its path')
      return Object.fromEntries(
        types.flatMap(([name, type]) =>
          wanted(name) ? [[name, cellOf(line.get(name), type, `${place}, ${name}`, picture)]] : [],
        ),
      )
    }
    return {
      length: lines.length,
      fingerprint: fingerprintOf('', [file], settings),
      row: (index) => rowOf(index, () => true),
      columns: async (wanted) => lines.map((_, index) => rowOf(index, (name) => wanted.includes(name))),
    }
  },
} satisfies SourceOpener

interface Lines {
  readonly names: ReadonlySet<string>
  readonly lines: readonly ReadonlyMap<string, unknown>[]
}

async function cells(text: string, file: string): Promise<Lines> {
  const { parse } = await import('csv-parse/sync')
  let rows: readonly (readonly string[])[]
  try {
    rows = parse(text, {
      bom: true,
      delimiter: file.endsWith('.tsv') ? '\t' : ',',
      quote: file.endsWith('.tsv') ? null : '"',
      skip_empty_lines: true,
      max_record_size: 1024 * 1024,
    })
  } catch (error) {
    throw new DataInvalid(
      `${file} is no table: ${error instanceof Error ? error.message : 'unreadable'}`,
      help,
    )
  }
  const [names = [], ...lines] = rows
  return {
    names: new Set(names),
    lines: lines.map(
      (line) => new Map(line.map((cell, k) => [names[k] ?? '', cell === '' ? undefined : cell])),
    ),
  }
}

function objects(text: string, file: string): Lines {
  const names = new Set<string>()
  const lines = text.split('\n').flatMap((line, k) => {
    if (line.trim() === '') return []
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw new DataInvalid(`${file} is damaged: line ${k + 1} is no JSON`, help)
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new DataInvalid(`${file} is damaged: line ${k + 1} is no object`, help)
    const entries = Object.entries(value)
    for (const [name] of entries) names.add(name)
    return [new Map<string, unknown>(entries)]
  })
  return { names, lines }
}

export default table
