import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findWeights } from '../../src/weights/find.js'
import { parseModelId } from '../../src/model-id.js'
import { hubCache } from '../../src/weights/hub-cache.js'
import { WeightsError } from '../../src/weights/weights-error.js'

/*
 * Aim: `from "..."` finds what is meant in a folder of the project or in the Hugging Face cache, and never guesses.
 */

let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(root, { recursive: true }))

function touch(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), '')
  }
}

const env = (): NodeJS.ProcessEnv => ({ HF_HUB_CACHE: join(root, 'hub') })
const found = (from: string): string => {
  const place = findWeights(from, root, env())
  return place.kind === 'found'
    ? `${place.format} ${place.file.slice(root.length + 1)}`
    : `${place.problem}; ${place.help}`
}

describe('a folder', () => {
  test.each([
    [['model.safetensors', 'pytorch_model.bin', 'flax_model.msgpack'], 'safetensors w/model.safetensors'],
    [['diffusion_pytorch_model.safetensors'], 'safetensors w/diffusion_pytorch_model.safetensors'],
    [
      ['model.safetensors.index.json', 'model-00001-of-00002.safetensors'],
      'safetensors-index w/model.safetensors.index.json',
    ],
    [
      ['diffusion_pytorch_model.safetensors.index.json'],
      'safetensors-index w/diffusion_pytorch_model.safetensors.index.json',
    ],
    [['pytorch_model.bin', 'model.fp16.safetensors'], 'torch w/pytorch_model.bin'],
    [['pytorch_model.bin.index.json'], 'torch-index w/pytorch_model.bin.index.json'],
    [['diffusion_pytorch_model.bin'], 'torch w/diffusion_pytorch_model.bin'],
  ])('with %j', (names, wanted) => {
    touch(...names.map((name) => `w/${name}`))
    expect(found('w')).toBe(wanted)
    expect(found(join(root, 'w'))).toBe(wanted)
  })

  test('with two sets of weights is refused', () => {
    touch('w/model.safetensors', 'w/diffusion_pytorch_model.safetensors')
    expect(() => found('w')).toThrow(WeightsError)
    expect(() => found('w')).toThrow(
      'it holds both model.safetensors and diffusion_pytorch_model.safetensors',
    )
    expect(found('w/model.safetensors')).toBe('safetensors w/model.safetensors')
  })

  test('without weights says what is there instead', () => {
    touch(
      'sd/unet/diffusion_pytorch_model.bin',
      'sd/vae/model.safetensors',
      'sd/tokenizer/vocab.json',
      'sd/model_index.json',
    )
    expect(found('sd')).toMatch(
      /^are not in sd: it has none of model\.safetensors, .*; name one of what is there: sd\/unet\/, sd\/vae\/$/,
    )
    touch('w/model.fp16.safetensors')
    expect(found('w')).toMatch('name one of what is there: w/model.fp16.safetensors')
    expect(found('w/model.fp16.safetensors')).toBe('safetensors w/model.fp16.safetensors')
    mkdirSync(join(root, 'empty'))
    expect(found('empty')).toMatch('save the model there, or correct the path')
  })
})

test('a file of another kind is refused', () => {
  touch('w/model.h5')
  expect(() => found('w/model.h5')).toThrow('weights are read from .safetensors, .bin')
})

describe('the Hugging Face cache', () => {
  const commit = 'a'.repeat(40)
  const other = 'b'.repeat(40)
  /** As huggingface_hub lays it out: snapshots of links to blobs. */
  function cached(revision: string, hash: string, ...names: string[]): void {
    const model = 'hub/models--org--some.model'
    touch(`${model}/refs/${revision}`)
    writeFileSync(join(root, model, 'refs', revision), hash)
    for (const name of names) {
      const blob = `${model}/blobs/${name.replaceAll('/', '-')}-${hash}`
      touch(blob)
      const link = join(root, model, 'snapshots', hash, name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(root, blob), link)
    }
  }

  test('holds models, folders and files of them, by the names of their revisions', () => {
    cached('main', commit, 'model.safetensors', 'unet/diffusion_pytorch_model.bin', 'unet/config.json')
    cached('v2', other, 'pytorch_model.bin')
    const model = `hub/models--org--some.model/snapshots/${commit}`
    expect(found('org/some.model')).toBe(`safetensors ${model}/model.safetensors`)
    expect(found('org/some.model/unet')).toBe(`torch ${model}/unet/diffusion_pytorch_model.bin`)
    expect(found('org/some.model/unet/diffusion_pytorch_model.bin')).toBe(
      `torch ${model}/unet/diffusion_pytorch_model.bin`,
    )
    const second = `torch hub/models--org--some.model/snapshots/${other}/pytorch_model.bin`
    expect(found('org/some.model@v2')).toBe(second)
    expect(found(`org/some.model@${other}`)).toBe(second)
    expect(found('org/some.model/text')).toMatch(
      /^are neither at org\/some\.model\/text nor in the Hugging Face cache; the cache holds revision main, v2, aaaa.* of org\/some\.model/,
    )
  })

  test('comes after a folder of the project', () => {
    cached('main', commit, 'model.safetensors')
    touch('org/some.model/pytorch_model.bin')
    expect(found('org/some.model')).toBe('torch org/some.model/pytorch_model.bin')
  })

  test('that does not hold a model leads to the command that fetches it', () => {
    expect(found('org/other')).toBe(
      'are neither at org/other nor in the Hugging Face cache; if this is a model of the Hugging Face hub, ' +
        '`dcrc fetch org/other` fetches it; a path is relative to the project root',
    )
    cached('main', commit, 'config.json')
    expect(found('org/some.model')).toMatch(
      /^are not in org\/some\.model of the Hugging Face cache: .*; `dcrc fetch org\/some\.model` fetches what is missing$/,
    )
  })

  test('lies where the variables of Hugging Face say', () => {
    expect(hubCache({ HF_HUB_CACHE: '/a', HF_HOME: '/b' })).toBe('/a')
    expect(hubCache({ HUGGINGFACE_HUB_CACHE: '/a', HF_HOME: '/b' })).toBe('/a')
    expect(hubCache({ HF_HOME: '/b', XDG_CACHE_HOME: '/c' })).toBe('/b/hub')
    // as `os.path.expandvars(os.path.expanduser(...))` gives them
    const home = { HOME: '/home/ada' }
    expect(hubCache({ ...home, HF_HOME: '~/x' })).toBe('/home/ada/x/hub')
    expect(hubCache({ ...home, HF_HUB_CACHE: '$HOME/x' })).toBe('/home/ada/x')
    expect(hubCache({ ...home, HUGGINGFACE_HUB_CACHE: '${HOME}/x/$NOWHERE' })).toBe('/home/ada/x/$NOWHERE')
    expect(hubCache({ ...home, XDG_CACHE_HOME: '~/c' })).toBe('/home/ada/c/huggingface/hub')
    expect(hubCache({ XDG_CACHE_HOME: '/c' })).toBe('/c/huggingface/hub')
    expect(hubCache({})).toMatch(/\/\.cache\/huggingface\/hub$/)
  })

  test.each([
    'weights',
    '/org/name',
    './org/name',
    '../org/name',
    'org/../name',
    'org//name',
    'org/na--me',
    'org/name/',
    'org/name@',
    'C:\\org\\name',
    'org/name/../..',
    '.hidden/name',
  ])('%s is no id of a model', (text) => expect(parseModelId(text)).toBeUndefined())
})
