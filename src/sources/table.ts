import { columns, declaredColumns, labelNames } from './column-type.js'
import { classCount } from './class-count.js'
import { declaredLength, rowCount } from './row-count.js'
import type { DataSource, SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'file',
    kind: 'path',
    doc: 'A .csv, .tsv or .jsonl (.ndjson) file; the first line of .csv and .tsv names the columns.',
  },
  columns,
  {
    name: 'folder',
    kind: 'path',
    default: '',
    doc: 'Where the paths of pictures begin; without it at the folder of the file.',
  },
  rowCount,
  labelNames,
  classCount,
  {
    name: 'separator',
    kind: 'string',
    default: '',
    doc: 'What parts the cells of a line; without it a tab in .tsv, a comma otherwise: `";"`.',
  },
]

const table: DataSource = {
  name: 'table',
  doc: 'The lines of a table: pictures by their paths, texts and numbers. `columns` says which to read, by their names in the file.',
  parameters,
  columns: (settings) => declaredColumns(settings['columns']),
  length: declaredLength,
}

export default table
