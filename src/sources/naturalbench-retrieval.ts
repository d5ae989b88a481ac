import { type DataSource, type SettingParameter, anyPicture, integer, text } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'folder',
    kind: 'path',
    default: 'datasets/NaturalBench-Retrieval',
    doc: 'The folder of the unpacked archive, with `metadata.json` and the pictures that it names.',
  },
]

const naturalbenchRetrieval: DataSource = {
  name: 'naturalbench_retrieval',
  doc: 'NaturalBench as pairs of pictures and captions, a row for each picture with its caption; the two rows of a pair have one `pair`. Source: huggingface.co/datasets/BaiqiL/naturalbench_pictures, NaturalBench-Retrieval.zip.',
  parameters,
  columns: () => ({ image: anyPicture, caption: text, pair: integer, name: text }),
}

export default naturalbenchRetrieval
