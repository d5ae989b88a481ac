import { readSettings } from '../settings.js'
import type { DataSource, SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  { name: 'folder', kind: 'path', doc: 'The folder of the shards.' },
  {
    name: 'size',
    kind: 'int',
    default: 256,
    min: 1,
    doc: 'Height and width of the pictures in the shards, in pixels.',
  },
]

/** Pictures that were decoded beforehand. */
const imageShards: DataSource = {
  name: 'image_shards',
  doc: 'Decoded pictures of one size, as bytes in the safetensors files of a folder, in the order of their names: each file holds one tensor `image`, U8 [n, 3, size, size].',
  parameters,
  columns(settings) {
    const size = readSettings(settings, parameters).number('size')
    return { image: { kind: 'tensor', dtype: 'f32', shape: [3, size, size] } }
  },
}

export default imageShards
