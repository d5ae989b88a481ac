import { basename, dirname, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import { columnsIn } from '../../sources/column-type.js'
import declared from '../../sources/table.js'
import { encoded } from '../pictures/picture.js'
import type { ColumnValue, Row, SourceOpener } from './dataset.js'
import { cellOf } from './files/cell.js'
import { Labels } from './files/labels.js'
import { type Lines, lineHelp as help, linesOf } from './files/table-lines.js'
import { unreadable } from './sample-unreadable.js'

const table = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const file = resolve(root, read.string('file'))
    const folder = read.string('folder') === '' ? dirname(file) : resolve(root, read.string('folder'))
    const lines = await linesOf(file, read.string('separator'))
    const columns = columnsIn(settings['columns'])
    lines.demand(columns.map(({ inFile }) => inFile))
    const names = read.strings('names')
    const labels = new Map(
      columns.flatMap(({ name, inFile, isLabel }) => {
        if (!isLabel) return []
        const where = `column \`${inFile}\` of ${file}`
        const found = names.length > 0 ? new Labels(names) : Labels.of(cellsOf(lines, inFile), where)
        return [[name, found.counted(read.number('classes'), where)] as const]
      }),
    )
    const rowOf = (
      line: ReadonlyMap<string, unknown> | string,
      index: number,
      wanted: typeof columns,
    ): Row => {
      const place = `${basename(file)}, row ${index + 1}`
      const picture = (value: unknown): ColumnValue =>
        typeof value === 'string'
          ? encoded(resolve(folder, value), value)
          : unreadable(place, 'a picture is named by its path')
      return Object.fromEntries(
        wanted.map(({ name, inFile, type }) => {
          if (typeof line === 'string') return [name, unreadable(place, line)]
          const [cell, where] = [line.get(inFile), `${place}, ${inFile}`]
          return [name, labels.get(name)?.value(cell, where) ?? cellOf(cell, type, where, picture)]
        }),
      )
    }
    return {
      length: lines.count,
      fingerprint: lines.fingerprint(settings),
      names: new Map([...labels].map(([name, { names: found }]) => [name, found])),
      row(index) {
        if (index >= lines.count) throw new RangeError(`no row ${index}`)
        const [line] = lines.at(index, 1)
        return rowOf(line ?? help, index, columns)
      },
      async columns(wanted) {
        const some = columns.filter(({ name }) => wanted.includes(name))
        const rows: Row[] = []
        for (const line of lines.all()) rows.push(rowOf(line, rows.length, some))
        return rows
      },
    }
  },
} satisfies SourceOpener

function* cellsOf(lines: Lines, name: string): Generator {
  for (const line of lines.all()) if (typeof line !== 'string') yield line.get(name)
}

export default table
