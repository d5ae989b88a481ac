import { declaredLength, rowCount } from './row-count.js'
import { type DataSource, type SettingParameter, anyPicture, integer, text } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'annotations',
    kind: 'path',
    doc: 'The captions: `coco/annotations/captions_val2017.json`, or a file of the same form such as `coco_test_karpathy.json`.',
  },
  { name: 'images', kind: 'path', doc: 'The folder of the pictures: `coco/val2017`.' },
  rowCount,
]

/** A picture has several captions, some five; `image_id` tells which rows share one. */
const cocoCaptions: DataSource = {
  name: 'coco_captions',
  doc: 'The captions of COCO, a row for each with its picture, in the order of the file. Source: cocodataset.org, format of caption annotations.',
  parameters,
  columns: () => ({ image: anyPicture, caption: text, image_id: integer, name: text }),
  length: declaredLength,
}

export default cocoCaptions
