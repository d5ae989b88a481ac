import { declaredLength, rowCount } from './row-count.js'
import { type DataSource, type SettingParameter, anyPicture, integer, text } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'captions',
    kind: 'path',
    doc: 'A line for each caption: `1000092795.jpg,Two young guys, outside.` as in the files of the Karpathy split, or `1000092795.jpg#0`, a tab and the caption, as in `results_20130124.token`.',
  },
  { name: 'images', kind: 'path', doc: 'The folder of the pictures: `flickr30k_images`.' },
  rowCount,
]

/** Captions hold commas and quotes, and stand as they are: the file is no CSV. */
const flickr30k: DataSource = {
  name: 'flickr30k',
  doc: 'The captions of Flickr30k, a row for each with its picture, in the order of the file; Flickr8k has the same form. Pictures are numbered as they first come.',
  parameters,
  columns: () => ({ image: anyPicture, caption: text, image_id: integer, name: text }),
  length: declaredLength,
}

export default flickr30k
