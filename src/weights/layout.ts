import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { WeightsError } from './weights-error.js'

/** How a set of weights is written. An index names the files of several parts. */
export type WeightsFormat = 'safetensors' | 'safetensors-index' | 'torch' | 'torch-index' | 'onnx'

/** The names under which transformers and diffusers save; where both kinds lie, safetensors are read. */
const names: readonly (readonly string[])[] = [
  [
    'model.safetensors',
    'model.safetensors.index.json',
    'diffusion_pytorch_model.safetensors',
    'diffusion_pytorch_model.safetensors.index.json',
  ],
  [
    'pytorch_model.bin',
    'pytorch_model.bin.index.json',
    'diffusion_pytorch_model.bin',
    'diffusion_pytorch_model.bin.index.json',
  ],
]

/** The file names in the order in which they are read. */
export const weightFileNames: readonly string[] = names.flat()

/** The format of a file, by the end of its name. */
export function formatOf(file: string): WeightsFormat | undefined {
  if (file.endsWith('.safetensors')) return 'safetensors'
  if (file.endsWith('.safetensors.index.json')) return 'safetensors-index'
  if (/\.(?:bin|pt|pth|ckpt)$/.test(file)) return 'torch'
  if (/\.(?:bin|pt|pth)\.index\.json$/.test(file)) return 'torch-index'
  return file.endsWith('.onnx') ? 'onnx' : undefined
}

/** The weight files and indexes that are read of a folder: of safetensors if it has any, else of torch. */
export function weightsAmong(has: (name: string) => boolean): readonly string[] {
  return names.map((kind) => kind.filter(has)).find((found) => found.length > 0) ?? []
}

/** The weight file or index of a folder, undefined where it has none. Throws WeightsError where it has two. */
export function weightsOf(folder: string): string | undefined {
  const found = weightsAmong(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() ?? false,
  )
  if (found.length > 1) {
    throw new WeightsError(
      folder,
      `it holds both ${found.slice(0, -1).join(', ')} and ${found.at(-1)}`,
      'ambiguous',
      `name one: \`from ".../${found[0]}"\``,
    )
  }
  return found[0] === undefined ? undefined : join(folder, found[0])
}

/** What a folder without weights holds that may have been meant: folders with weights, files with other names. */
export function nearWeights(folder: string): string[] {
  const hasWeights = (name: string): boolean => {
    try {
      return weightsOf(join(folder, name)) !== undefined
    } catch {
      return true
    }
  }
  const links = brokenLinks(folder)
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (e) =>
        !links.includes(e.name) && (e.isDirectory() ? hasWeights(e.name) : formatOf(e.name) !== undefined),
    )
    .map((e) => (e.isDirectory() ? `${e.name}/` : e.name))
    .toSorted()
}

/** Weight files of a folder that are links to what is not there, as an interrupted download leaves them. */
export const brokenLinks = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((e) => e.isSymbolicLink() && !statSync(join(folder, e.name), { throwIfNoEntry: false }))
    .map(({ name }) => name)
    .filter((name) => formatOf(name) !== undefined)
    .toSorted()
