import { columns, declaredColumns, labelNames } from './column-type.js'
import { classCount } from './class-count.js'
import { declaredLength, rowCount } from './row-count.js'
import type { DataSource, SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'files',
    kind: 'path',
    doc: 'The files: `data/train-{00000..00003}-of-00004.parquet`, `data/*.parquet`.',
  },
  columns,
  rowCount,
  labelNames,
  classCount,
]

const parquet: DataSource = {
  name: 'parquet',
  doc: "The rows of parquet files, as Hugging Face's datasets are stored: a picture is a struct of its bytes and its path, or its bytes alone. `columns` says which to read, by their names in the files.",
  parameters,
  columns: (settings) => declaredColumns(settings['columns']),
  length: declaredLength,
}

export default parquet
