import { readSettings } from '../settings.js'
import { classCount } from './class-count.js'
import { declaredLength, rowCount } from './row-count.js'
import { type DataSource, type SettingParameter, anyPicture, integer, text } from './source.js'

const parameters: readonly SettingParameter[] = [
  { name: 'folder', kind: 'path', doc: 'The folder of the pictures.' },
  classCount,
  rowCount,
  {
    name: 'captions',
    kind: 'bool',
    default: false,
    doc: 'Beside each picture lies a text of the same name (`cat.jpg`, `cat.txt`), its caption; folders are no classes then.',
  },
  {
    name: 'list',
    kind: 'path',
    default: '',
    doc: 'A text file that names the pictures to take, a line each, by their paths from the folder, such as the lists of a test set; without it all.',
  },
]

/** A folder for each class: the classes are numbered in the order of their names. */
const imageFolder: DataSource = {
  name: 'image_folder',
  doc: 'The pictures of a folder (.jpg, .jpeg, .png, .webp, .gif, .tif, .tiff, .avif): one folder for each class, or a caption beside each picture. Source: torchvision.datasets.ImageFolder.',
  parameters,
  columns: (settings) => ({
    image: anyPicture,
    ...(readSettings(settings, parameters).bool('captions')
      ? { caption: text }
      : { label: integer, class: text }),
    name: text,
  }),
  length: declaredLength,
}

export default imageFolder
