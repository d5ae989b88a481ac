import type { DataSource, SettingParameter } from './source.js'
import { integer, text } from './source.js'

/** A picture of 32 x 32 pixels with its class, in the binary version of the files. */
const cifar = (name: string, folder: string, labels: readonly string[]): DataSource => {
  const parameters: readonly SettingParameter[] = [
    {
      name: 'folder',
      kind: 'path',
      default: folder,
      doc: `The folder of the unpacked archive, \`${folder}\`.`,
    },
    {
      name: 'split',
      kind: 'string',
      default: 'train',
      choices: ['train', 'test'],
      doc: '50,000 or 10,000 pictures.',
    },
  ]
  return {
    name,
    doc: `The pictures of ${name === 'cifar10' ? 'CIFAR-10' : 'CIFAR-100'}, 32 x 32 pixels, from the binary version of its files. Source: cs.toronto.edu/~kriz/cifar.html.`,
    parameters,
    apart: ['split'],
    columns: () => ({
      image: { kind: 'picture', size: [32, 32] },
      ...Object.fromEntries(labels.map((label) => [label, integer])),
      class: text,
    }),
    length: (settings) => (settings['split'] === 'test' ? 10_000 : 50_000),
  }
}

export default [
  cifar('cifar10', 'cifar-10-batches-bin', ['label']),
  cifar('cifar100', 'cifar-100-binary', ['label', 'coarse']),
]
