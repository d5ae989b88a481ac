import { readSettings } from '../settings.js'
import { classCount } from './class-count.js'
import { declaredLength, rowCount } from './row-count.js'
import { type DataSource, type SettingParameter, integer, text } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'images',
    kind: 'path',
    doc: 'The pictures: `mnist/train-images-idx3-ubyte`. Where only a file of that name with `.gz` is there, that one is read.',
  },
  { name: 'labels', kind: 'path', doc: 'Their labels: `mnist/train-labels-idx1-ubyte`.' },
  { name: 'size', kind: 'size', default: 28, min: 1, doc: 'Height and width of the pictures in pixels.' },
  {
    name: 'names',
    kind: 'strings',
    default: [],
    doc: 'The names of the classes in their order, which the files do not hold: `["T-shirt", "Trouser", ...]`.',
  },
  classCount,
  rowCount,
]

/** Grey in three equal channels. */
const idx: DataSource = {
  name: 'idx',
  doc: "Pictures and labels as MNIST's own files hold them, and those of Fashion-MNIST, KMNIST and EMNIST. Source: yann.lecun.com/exdb/mnist, the IDX file format.",
  parameters,
  columns(settings) {
    const size = readSettings(settings, parameters).size('size')
    return { image: { kind: 'picture', size }, label: integer, class: text }
  },
  length: declaredLength,
}

export default idx
