import { existsSync, mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readFileSync } from '../../disk.js'
import type { ModelSpec } from '../../artefact/models.js'
import { exportFile } from '../../diagnostics/catalogue/run.js'
import { type Diagnostic, UserError } from '../../diagnostics/diagnostic.js'
import { faultOf } from '../../faults/fault.js'
import { checkPythonJson, readPythonJson } from '../../json/python.js'
import { type JsonNode, JsonProblem } from '../../json/read.js'
import { locate } from '../../weights/find.js'
import { writeWhole } from '../../durable.js'
import { withDType } from './config-dtype.js'

const configName = 'config.json'

/** The files of a Hugging Face folder that say what its weights are of: the network, its pictures, its texts. */
const names = [
  configName,
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
 * Writes what stands beside a model's weights into a folder, and the configuration where none stands there; it says the
 * type of the weights that are written. Gives the configuration, where there is one.
 */
export function carryOver(model: ModelSpec, root: string, folder: string): JsonNode | undefined {
  mkdirSync(folder, { recursive: true })
  const files = carriedFiles(model, root)
  for (const { name, path } of files)
    if (name !== configName) writeWhole(join(folder, name), readFileSync(path))
  const found = files.find(({ name }) => name === configName)
  const text = found ? readCarried(found) : model.config
  if (text === null) return undefined
  const config = readPythonJson(text)
  writeWhole(join(folder, configName), withDType(text, config, model))
  return config
}

/** What is wrong with the files that exports will copy: told before anything is trained. */
export function badCarried(models: readonly ModelSpec[], root: string): readonly Diagnostic[] {
  return models.flatMap((model) =>
    carriedFiles(model, root).flatMap((file) => {
      try {
        readCarried(file)
        return []
      } catch (error) {
        if (error instanceof UserError) return [error.diagnostic]
        throw error
      }
    }),
  )
}

interface Carried {
  readonly name: string
  readonly path: string
}

/** The files of its folder that an export of a model copies. */
function carriedFiles({ from }: ModelSpec, root: string): readonly Carried[] {
  const source = from === null ? undefined : folderOf(from, root)
  if (source === undefined) return []
  return names.map((name) => ({ name, path: join(source, name) })).filter(({ path }) => existsSync(path))
}

/** The text of a file; throws UserError where what reads the export could not read it. */
function readCarried({ name, path }: Carried): string {
  try {
    const bytes = readFileSync(path)
    if (name.endsWith('.model')) return ''
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (name === configName) readPythonJson(text)
    else if (name.endsWith('.json')) checkPythonJson(text)
    return text
  } catch (error) {
    if (error instanceof JsonProblem) {
      const { message: why, start, end } = error
      throw new UserError(exportFile({ file: path, start, end }, { path, why }))
    }
    const span = { file: path, start: 0, end: 0 }
    if (error instanceof TypeError)
      throw new UserError(exportFile(span, { path, why: 'it is no text in UTF-8' }))
    const fault = faultOf(error, span)
    throw fault ? new UserError(fault) : error
  }
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
export const weightFileOf = (config: JsonNode | undefined): string =>
  config?.kind === 'object' && config.members.has('_class_name')
    ? 'diffusion_pytorch_model.safetensors'
    : 'model.safetensors'
