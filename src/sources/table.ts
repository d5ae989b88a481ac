import { columns, declaredColumns } from './column-type.js'
import { declaredLength, rowCount } from './row-count.js'
import type { DataSource, SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'file',
    kind: 'path',
    doc: 'A .csv, .tsv or .jsonl file; the first line of .csv and .tsv names the columns.',
  },
  columns,
  {
    name: 'folder',
    kind: 'path',
    default: '',
    doc: 'Where the paths of pictures begin; without it at the folder of the file.',
  },
  rowCount,
]

const table: DataSource = {
  name: 'table',
  doc: 'The lines of a table: pictures by their paths, texts and numbers. `columns` says which to read, by their names in the file.',
  parameters,
  columns: (settings) => declaredColumns(settings['columns']),
  length: declaredLength,
}

export default table
