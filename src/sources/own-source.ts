import { columns, declaredColumns } from './column-type.js'
import { declaredLength, rowCount } from './row-count.js'
import type { DataSource, SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'module',
    kind: 'path',
    doc: 'A JavaScript module, such as `./my-source.mjs` beside the pipeline. Runs execute it; nothing else does.',
  },
  columns,
  rowCount,
  { name: 'options', kind: 'record', default: {}, doc: 'What the module is given.' },
]

const ownSource: DataSource = {
  name: 'source',
  doc: 'Rows from a JavaScript module of your own: its default export has a function `open` that gives their number and a function `row`. The types are those of `dcrc/source`; docs/data.md has an example.',
  parameters,
  columns: (settings) => declaredColumns(settings['columns']),
  length: declaredLength,
}

export default ownSource
