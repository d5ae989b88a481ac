import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ModelSpec } from '../../artefact/models.js'
import { locate } from '../../weights/find.js'
import { writeWhole } from '../run-folder.js'

/** The files of a Hugging Face folder that say what its weights are of: the network, its pictures, its texts. */
const names = [
  'config.json',
  'generation_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'special_tokens_map.json',
  'added_tokens.json',
  'spiece.model',
  'sentencepiece.bpe.model',
  'tokenizer.model',
]

/**
 * Copies what stands beside a model's weights into a folder, and writes the configuration where none stands there. Gives
 * the configuration, where there is one.
 */
export function carryOver({ from, config }: ModelSpec, root: string, folder: string): unknown {
  mkdirSync(folder, { recursive: true })
  const source = from === null ? undefined : folderOf(from, root)
  if (source !== undefined)
    for (const name of names)
      if (existsSync(join(source, name))) copyFileSync(join(source, name), join(folder, name))
  const file = join(folder, 'config.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  if (config === null) return undefined
  writeWhole(file, config)
  return JSON.parse(config)
}

/**
 * The Hugging Face folder of what `from` names: that folder, also in the hub's cache, or the one of a weight file with a
 * name that such folders use.
 */
function folderOf(from: string, root: string): string | undefined {
  const found = locate(from, root)
  if (!found) return undefined
  if (found.folder) return found.path
  const named = /^(diffusion_pytorch_model|pytorch_model|model)\b.*\.(safetensors|bin)(\.index\.json)?$/
  return named.test(basename(found.path)) ? dirname(found.path) : undefined
}

/** How the library that a configuration is for calls its weights: diffusers writes its class, transformers does not. */
export const weightFileOf = (config: unknown): string =>
  typeof config === 'object' && config !== null && '_class_name' in config
    ? 'diffusion_pytorch_model.safetensors'
    : 'model.safetensors'
