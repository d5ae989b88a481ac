import { statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type ModelId, formatModelId, parseModelId } from '../model-id.js'
import { cachedRevisions, inCache } from './hub-cache.js'
import {
  type WeightsFormat,
  brokenLinks,
  formatOf,
  nearWeights,
  weightFileNames,
  weightsOf,
} from './layout.js'
import { WeightsError } from './weights-error.js'

/** Where `from "..."` leads. */
export interface Located {
  readonly path: string
  readonly folder: boolean
  /** The model of the Hugging Face cache that it is; null: a path of the project. */
  readonly id: ModelId | null
}

export interface FoundWeights {
  readonly kind: 'found'
  /** The file that is read first: the weights, or the index of their parts. */
  readonly file: string
  readonly format: WeightsFormat
  /** The folder in which `config.json` and the other files of the model lie. */
  readonly folder: string
  readonly id: ModelId | null
}

export interface MissingWeights {
  readonly kind: 'missing'
  /** What is not there, to follow `the weights of model m`. */
  readonly problem: string
  readonly help: string
  /** The id to fetch, where the text is written like one. */
  readonly id: ModelId | null
}

/**
 * The folder or file that `from "..."` names: a path, relative to the root of the project, else a model of the Hugging
 * Face cache. Undefined where it names neither.
 */
export function locate(from: string, root: string, env = process.env): Located | undefined {
  const path = resolve(root, from)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found) return { path, folder: found.isDirectory(), id: null }
  const id = parseModelId(from)
  const cached = id && inCache(id, env)
  if (!id || cached === undefined) return undefined
  return { path: cached, folder: statSync(cached).isDirectory(), id }
}

/** The weights that `from "..."` names. Throws WeightsError where the place is there and its weights cannot be told. */
export function findWeights(from: string, root: string, env = process.env): FoundWeights | MissingWeights {
  const located = locate(from, root, env)
  if (!located) return nowhere(from, env)
  const { path, folder, id } = located
  const file = folder ? weightsOf(path) : path
  if (file === undefined)
    return withoutWeights(path, id ? formatModelId(id) : relative(root, path) || '.', id)
  const format = formatOf(file)
  if (!format) {
    throw new WeightsError(
      file,
      'weights are read from .safetensors, .bin, .pt, .pth, .ckpt and .onnx files',
      'refused',
    )
  }
  return { kind: 'found', file, format, folder: dirname(file), id }
}

function nowhere(from: string, env: NodeJS.ProcessEnv): MissingWeights {
  const id = parseModelId(from) ?? null
  if (!id) {
    const help =
      'a path is relative to the project root, one that begins with `./` or `../` to its file: a weight file, or a folder with ' +
      `${weightFileNames[0]} or another of transformers' names`
    return { kind: 'missing', problem: `are not at ${from}`, help, id }
  }
  const revisions = cachedRevisions(id, env)
  return {
    kind: 'missing',
    problem: `are neither at ${from} nor in the Hugging Face cache`,
    help:
      revisions.length > 0
        ? `the cache holds revision ${revisions.join(', ')} of ${id.repo}, perhaps not whole; \`dcrc fetch ${formatModelId(id)}\` fetches what is missing`
        : `if this is a model of the Hugging Face hub, \`dcrc fetch ${formatModelId(id)}\` fetches it; a path is relative to the project root`,
    id,
  }
}

function withoutWeights(path: string, shown: string, id: ModelId | null): MissingWeights {
  const [broken] = brokenLinks(path)
  if (broken !== undefined)
    return {
      kind: 'missing',
      problem: `are not whole in ${shown}${id ? ' of the Hugging Face cache' : ''}: ${broken} is a link to a file that is not there`,
      help: id
        ? `\`dcrc fetch ${formatModelId(id)}\` fetches what is missing`
        : 'put the file that the link names back, or correct the path',
      id,
    }
  const near = nearWeights(path).map((name) => join(shown, name))
  return {
    kind: 'missing',
    problem: `are not in ${shown}${id ? ' of the Hugging Face cache' : ''}: it has none of ${weightFileNames.join(', ')}`,
    help:
      near.length > 0
        ? `name one of what is there: ${near.slice(0, 8).join(', ')}`
        : id
          ? `\`dcrc fetch ${formatModelId(id)}\` fetches what is missing`
          : 'save the model there, or correct the path',
    id,
  }
}
