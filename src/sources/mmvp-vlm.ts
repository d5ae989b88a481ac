import { type DataSource, type SettingParameter, anyPicture, integer, text } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'folder',
    kind: 'path',
    default: 'datasets/MMVP_VLM',
    doc: 'The folder with `Questions.csv` and `MLLM_VLM Images`.',
  },
]

const mmvpVlm: DataSource = {
  name: 'mmvp_vlm',
  doc: 'MMVP-VLM: pictures that differ in one detail, two and two, each with a statement, in the order of `Questions.csv`. `text` is the statement behind "a photo of ", as the published script has it. Source: huggingface.co/datasets/MMVP/MMVP_VLM.',
  parameters,
  columns: () => ({ image: anyPicture, statement: text, text, number: integer, pattern: text }),
}

export default mmvpVlm
