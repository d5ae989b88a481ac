import { expect, test } from 'vitest'
import { hasWeights, selectFiles } from '../../src/hub/wanted-files.js'

/* Aim: of the files of published models just what a run reads is fetched, and no copy of the same weights. */

const wanted = (
  paths: readonly string[],
  inside = '',
  size = 1000,
): { paths: string[]; left: readonly string[] } => {
  const listing = paths.map((path) => ({ path, size, hash: 'a', large: false }))
  const { wanted: files, left } = selectFiles(listing, inside)
  return { paths: files.map(({ path }) => path).toSorted(), left }
}

test('of a model of transformers in many forms', () => {
  const kept = [
    'config.json',
    'merges.txt',
    'model.safetensors',
    'preprocessor_config.json',
    'special_tokens_map.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'vocab.json',
  ]
  const others = [
    '.gitattributes',
    'README.md',
    'flax_model.msgpack',
    'pytorch_model.bin',
    'tf_model.h5',
    'sample.png',
  ]
  expect(wanted([...kept, ...others])).toEqual({ paths: kept, left: [] })
})

test('of a model that ships torch files alone', () => {
  expect(wanted(['config.json', 'pytorch_model.bin', 'README.md']).paths).toEqual([
    'config.json',
    'pytorch_model.bin',
  ])
})

test('of parts, all parts and their index', () => {
  const parts = [
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'model.safetensors.index.json',
  ]
  const torch = ['pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json']
  expect(wanted([...parts, ...torch, 'consolidated.safetensors']).paths).toEqual(parts)
  expect(wanted([...parts, ...torch], 'pytorch_model.bin.index.json').paths).toEqual(torch.toSorted())
})

const diffusion = [
  'LICENSE.md',
  'model_index.json',
  'v2-1_512-ema-pruned.ckpt',
  'v2-1_512-ema-pruned.safetensors',
  'scheduler/scheduler_config.json',
  'tokenizer/merges.txt',
  'tokenizer/vocab.json',
  'text_encoder/config.json',
  'text_encoder/model.safetensors',
  'text_encoder/model.fp16.safetensors',
  'text_encoder/pytorch_model.bin',
  'unet/config.json',
  'unet/diffusion_pytorch_model.bin',
  'unet/diffusion_pytorch_model.fp16.safetensors',
  'unet/diffusion_pytorch_model.safetensors',
  'safety_checker/config.json',
  'safety_checker/model.safetensors',
]

test('of a pipeline of diffusers, its models and what belongs to them', () => {
  expect(wanted(diffusion)).toEqual({
    paths: [
      'LICENSE.md',
      'model_index.json',
      'safety_checker/config.json',
      'scheduler/scheduler_config.json',
      'text_encoder/config.json',
      'text_encoder/model.safetensors',
      'tokenizer/merges.txt',
      'tokenizer/vocab.json',
      'unet/config.json',
      'unet/diffusion_pytorch_model.safetensors',
    ],
    left: ['safety_checker'],
  })
})

test('of one folder, or one file that is named', () => {
  expect(wanted(diffusion, 'unet').paths).toEqual([
    'unet/config.json',
    'unet/diffusion_pytorch_model.safetensors',
  ])
  expect(wanted(diffusion, 'unet/diffusion_pytorch_model.fp16.safetensors').paths).toEqual([
    'unet/config.json',
    'unet/diffusion_pytorch_model.fp16.safetensors',
  ])
  expect(wanted(diffusion, 'safety_checker')).toEqual({
    paths: ['safety_checker/config.json', 'safety_checker/model.safetensors'],
    left: [],
  })
  expect(wanted(diffusion, 'une').paths).toEqual([])
})

test('of settings, none that are as large as weights', () => {
  expect(wanted(['a.json', 'model.safetensors'], '', 100_000_000).paths).toEqual(['model.safetensors'])
  const none = selectFiles([{ path: 'config.json', size: 1, hash: 'a', large: false }], '')
  expect(hasWeights(none)).toBe(false)
})
