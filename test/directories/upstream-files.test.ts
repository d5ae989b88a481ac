import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import type { Files } from '../../src/compiler/2-resolve/program.js'
import { render } from '../../src/diagnostics/render.js'
import { project } from './project.js'

const json = <T>(name: string): T =>
  JSON.parse(
    readFileSync(fileURLToPath(new URL(`../oracle/fixtures/${name}.json`, import.meta.url)), 'utf8'),
  ) as T

/** What upstream looks for in a directory, by version and class. */
const asked = json<Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>>('directory_files')
const tokenizers =
  json<
    Readonly<
      Record<
        string,
        { readonly files: Readonly<Record<string, string>>; readonly fast?: Readonly<Record<string, string>> }
      >
    >
  >('tokenizers')
const filesOf = (name: string): Readonly<Record<string, string>> => tokenizers[name]?.files ?? {}

const tower = { hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 }
const pictures = { ...tower, image_size: 8, patch_size: 4 }
const clipText = { ...tower, vocab_size: 620, projection_dim: 8, eos_token_id: 2 }
const processor = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] }

interface Architecture {
  readonly uses: string
  readonly model: string
  readonly train: string
  /** What its stage minimizes; its model is `m`. */
  readonly loss: string
  readonly files: Readonly<Record<string, object | string>>
}

const text = 'm.tokenize("<new> a dog! and <small>cats")'
const seen = `sum(m.image_features(normalize(draw uniform(0.0, 1.0) of [2, 3, 8, 8], m.mean, m.std))) + sum(m.text_features(${text})) * mean(draw uniform(0.0, 1.0))`

const architectures: Readonly<Record<string, Architecture>> = {
  CLIPModel: {
    uses: 'use std.clip { ClipModel }',
    model: 'ClipModel',
    train: 'm.text_model, m.vision_model',
    loss: seen,
    files: {
      'config.json': {
        model_type: 'clip',
        projection_dim: 8,
        text_config: clipText,
        vision_config: pictures,
      },
      'preprocessor_config.json': processor,
      ...filesOf('clip_1'),
    },
  },
  CLIPTextModel: {
    uses: 'use std.clip { ClipTextModel }',
    model: 'ClipTextModel',
    train: 'm',
    loss: `sum(m(${text}).pooler_output) * mean(draw uniform(0.0, 1.0))`,
    files: { 'config.json': { model_type: 'clip_text_model', ...clipText }, ...filesOf('clip_1') },
  },
  CLIPTextModelWithProjection: {
    uses: 'use std.clip { ClipTextModelWithProjection }',
    model: 'ClipTextModelWithProjection',
    train: 'm',
    loss: `sum(m(${text})) * mean(draw uniform(0.0, 1.0))`,
    files: { 'config.json': { model_type: 'clip_text_model', ...clipText }, ...filesOf('clip_1') },
  },
  SiglipModel: {
    uses: 'use std.siglip { SiglipModel }',
    model: 'SiglipModel',
    train: 'm.text_model, m.vision_model',
    loss: seen,
    files: {
      'config.json': {
        model_type: 'siglip',
        text_config: { ...tower, vocab_size: 200 },
        vision_config: pictures,
      },
      'preprocessor_config.json': processor,
      ...filesOf('siglip'),
    },
  },
  Dinov2Model: {
    uses: 'use std.dinov2 { Dinov2Model }',
    model: 'Dinov2Model',
    train: 'm.encoder',
    loss: 'sum(m(normalize(draw uniform(0.0, 1.0) of [2, 3, 8, 8], m.mean, m.std)).pooler_output)',
    files: {
      'config.json': { model_type: 'dinov2', ...pictures, intermediate_size: undefined },
      'preprocessor_config.json': processor,
    },
  },
}

const changed = (files: Architecture['files'], name: string, change: object): object => {
  const known = files[name]
  return { ...(typeof known === 'string' ? (JSON.parse(known) as object) : known), ...change }
}

const textOf = (files: Architecture['files'], name: string): string => {
  const file = files[name]
  return typeof file === 'string' ? file : ''
}

const exchanged = (vocabulary: string): string =>
  vocabulary.replace('"a</w>"', '"@"').replace('"d"', '"a</w>"').replace('"@"', '"d"')

/** What is put into each file so that a reader of it computes something else, by the file's name. */
const markers: Readonly<Record<string, (files: Architecture['files']) => object | string>> = {
  'config.json': (files) => {
    const config = changed(files, 'config.json', {}) as { vision_config?: object }
    const epsilon = { layer_norm_eps: 0.5 }
    return config.vision_config
      ? { ...config, vision_config: { ...config.vision_config, ...epsilon } }
      : { ...config, ...epsilon }
  },
  'preprocessor_config.json': (files) =>
    changed(files, 'preprocessor_config.json', { image_mean: [0.1, 0.2, 0.3] }),
  'processor_config.json': () => ({ image_processor: { ...processor, image_mean: [0.1, 0.2, 0.3] } }),
  'vocab.json': (files) => exchanged(textOf(files, 'vocab.json')),
  'merges.txt': () => '#version: 0.2\n',
  'tokenizer.json': () => exchanged(tokenizers['clip_1']?.fast?.['tokenizer.json'] ?? ''),
  'tokenizer_config.json': (files) =>
    changed(files, 'tokenizer_config.json', { pad_token: files['spiece.model'] ? 'a' : '!' }),
  'special_tokens_map.json': (files) => ({ pad_token: files['spiece.model'] ? 'a' : '!' }),
  'added_tokens.json': (files) => (files['spiece.model'] ? { '<new>': 60 } : { '<new>': 603 }),
  'spiece.model': (files) => textOf(files, 'spiece.model').slice(0, 1000),
  'adapter_config.json': () => ({ peft_type: 'LORA' }),
}

/** Files that upstream looks for and that say nothing of what our modules compute. */
const withoutSay: Readonly<Record<string, string>> = {
  'chat_template.jinja': 'of language models',
  'chat_template.json': 'of language models',
  'audio_tokenizer_config.json': 'of models that hear',
  'Dinov2Model: tokenizer.json': 'it reads no texts',
  'Dinov2Model: tokenizer.model': 'it reads no texts',
  'Dinov2Model: tokenizer_config.json': 'it reads no texts',
  'Dinov2Model: special_tokens_map.json': 'it reads no texts',
  'Dinov2Model: added_tokens.json': 'it reads no texts',
  'SiglipModel: tokenizer.json': 'SiglipTokenizer reads spiece.model',
}

/** A file that is no text stands in base64. */
function projectOf({ uses, model, train, loss }: Architecture, files: Architecture['files']): Files {
  const source = `${uses}
pipeline p {
  model m = ${model} from "w"
  loss l = ${loss}
  stage s { train ${train}; minimize l; optimizer sgd(lr = 1.0); steps 1 }
}
`
  const texts = Object.entries(files).map(([name, content]): [string, string] => [
    `w/${name}`,
    typeof content === 'string' ? content : JSON.stringify(content),
  ])
  const made = project(source, Object.fromEntries(texts))
  const { binary } = made
  if (!binary) throw new Error('no files')
  const encoded = Buffer.from(textOf(files, 'spiece.model'), 'base64')
  const isModel = (path: string): boolean => path.endsWith('spiece.model')
  return {
    ...made,
    binary: {
      ...binary,
      stat: (path) =>
        isModel(path) && encoded.length > 0 ? { real: `/${path}`, size: encoded.length } : binary.stat(path),
      bytes: (path, start, length) =>
        isModel(path) ? new Uint8Array(encoded) : binary.bytes(path, start, length),
    },
  }
}

/** What a user is told and the graphs that are run; the list of files that were looked at is no part of it. */
function outcome(architecture: Architecture, files: Architecture['files']): { told: string; graphs: string } {
  const made = projectOf(architecture, files)
  const { artefact, diagnostics } = compile({ entry: 'main.dcr', files: made })
  const graphs = [...(artefact?.files ?? [])].filter(([name]) => name.endsWith('.onnx'))
  return {
    told: render(diagnostics, made.texts ?? new Map(), { color: false, width: 100 }),
    graphs: graphs.map(([name, bytes]) => `${name} ${Buffer.from(bytes).toString('base64')}`).join('\n'),
  }
}

describe.each(Object.entries(architectures))(
  '%s: what stands in its directory is read or told',
  (name, architecture) => {
    const names = [...new Set(Object.values(asked).flatMap((classes) => classes[name] ?? []))].sort()
    const plain = outcome(architecture, architecture.files)

    it('and without a mark nothing is told', () => {
      expect(plain.told).toBe('')
      expect(plain.graphs).not.toBe('')
      expect(names.length).toBeGreaterThan(3)
    })

    it.each(names)('%s', (file) => {
      const reason = withoutSay[file] ?? withoutSay[`${name}: ${file}`]
      const mark = markers[file]
      if (!mark) {
        expect(reason).toBeDefined()
        return
      }
      const marked = outcome(architecture, { ...architecture.files, [file]: mark(architecture.files) })
      if (reason) expect(marked).toEqual(plain)
      else expect(marked).not.toEqual(plain)
    })
  },
)

describe('a configuration is taken or refused as by the json of Python', () => {
  const architecture = architectures['Dinov2Model']
  const config = JSON.stringify(architecture?.files['config.json'])
  const told = (text: string): string =>
    architecture ? outcome(architecture, { ...architecture.files, 'config.json': text }).told : ''

  it.each([
    ['tabs and line ends of Windows between values', config.replaceAll(',', ',\t\r\n')],
    ['NaN, in a key that says nothing', config.replace('{', '{"temperature": NaN, ')],
    ['no type of the weights', config],
  ])('%s', (_, text) => {
    expect(told(text)).toBe('')
  })

  it.each([
    ['a byte order mark', `\uFEFF${config}`, /it begins with a byte order mark/],
    [
      'a tab in a text',
      config.replace('{', '{"_name_or_path": "a\tb", '),
      /holds the control character "\\t"/,
    ],
    ['a comma too many', config.replace('}', ',}'), /it is not valid JSON/],
  ])('not %s', (_, text, why) => {
    expect(told(text)).toMatch(why)
  })
})

describe('the scheduler beside a generator is compared with the process of noise and the target', () => {
  const files = {
    'sd/unet/model.safetensors': '',
    'sd/unet/config.json': '{"_class_name": "Linear"}',
  }
  const source = (betas: string, target: string): string => `use std.nn { Linear }
use std.diffusion { ddpm, ${betas.split('(')[0] ?? ''} }
pipeline p {
  param target: string = "${target}"
  model unet = Linear(2, 2) from "sd/unet"
  let noise = ddpm(steps = 1000, beta = ${betas})
  let x = draw normal of [4, 2]
  let t = draw randint(0, noise.steps) of [4]
  let eps = draw normal of [4, 2]
  stage s {
    train unet
    minimize mean(square(unet(noise.add(x, eps, t)) - noise.goal(target, x, eps, t)))
    optimizer sgd(lr = 0.1)
    steps 2
  }
}
`
  const told = (betas: string, target: string, scheduler: object | string): string => {
    const text = typeof scheduler === 'string' ? scheduler : JSON.stringify(scheduler)
    const made = project(source(betas, target), { ...files, 'sd/scheduler/scheduler_config.json': text })
    return render(compile({ entry: 'main.dcr', files: made }).diagnostics, made.texts ?? new Map(), {
      color: false,
      width: 100,
    })
  }
  const stable = {
    beta_schedule: 'scaled_linear',
    beta_start: 0.00085,
    beta_end: 0.012,
    num_train_timesteps: 1000,
  }

  it.each([
    ['scaled_linear(0.00085, 0.012)', 'eps', stable],
    ['scaled_linear(0.00085, 0.012)', 'velocity', { ...stable, prediction_type: 'v_prediction' }],
    ['scaled_linear(0.00085, 0.012)', 'clean', { ...stable, prediction_type: 'sample' }],
    ['linear_betas(0.0001, 0.02)', 'eps', {}],
    ['squared_cosine()', 'eps', { beta_schedule: 'squaredcos_cap_v2' }],
  ])('%s with %s: nothing where they agree', (betas, target, scheduler) => {
    expect(told(betas, target, scheduler)).toBe('')
  })

  it('other betas and another target are told, with the place in the file', () => {
    expect(told('scaled_linear(0.00085, 0.02)', 'velocity', stable)).toMatchSnapshot()
    expect(told('LinearBetas(0.00085, 0.012)', 'eps', stable)).toMatch(/config\/scheduler\]: `noise` is/)
    expect(told('scaled_linear(0.00085, 0.012)', 'eps', { ...stable, prediction_type: 'sample' })).toMatch(
      /`target` is "eps", the scheduler of `unet` has "clean"/,
    )
  })

  it('so is a file that cannot be read', () => {
    expect(told('squared_cosine()', 'eps', '{"a": ')).toMatch(/config\/scheduler-file\]: sd\/scheduler/)
  })
})
