import { basename, dirname, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import { declaredColumns, labelColumns } from '../../sources/column-type.js'
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
    const types = Object.entries(declaredColumns(settings['columns']))
    lines.demand(types.map(([name]) => name))
    const names = read.strings('names')
    const labels = new Map(
      labelColumns(settings['columns']).map((name) => {
        const where = `column \`${name}\` of ${file}`
        const found = names.length > 0 ? new Labels(names) : Labels.of(cellsOf(lines, name), where)
        return [name, found.counted(read.number('classes'), where)]
      }),
    )
    const rowOf = (line: ReadonlyMap<string, unknown> | string, index: number, wanted: typeof types): Row => {
      const place = `${basename(file)}, row ${index + 1}`
      const picture = (value: unknown): ColumnValue =>
        typeof value === 'string'
          ? encoded(resolve(folder, value), value)
          : unreadable(place, 'a picture is named by its path')
      return Object.fromEntries(
        wanted.map(([name, type]) => {
          if (typeof line === 'string') return [name, unreadable(place, line)]
          const [cell, where] = [line.get(name), `${place}, ${name}`]
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
        return rowOf(line ?? help, index, types)
      },
      async columns(wanted) {
        const some = types.filter(([name]) => wanted.includes(name))
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
