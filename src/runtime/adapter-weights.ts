import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readFileSync } from '../disk.js'
import { type AdapterSpec, type ModelSpec, trainedBeside } from '../artefact/models.js'
import { adapterFile, lostBiases, mismatchedAdapter } from '../diagnostics/catalogue/adapter.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { weightsFaults } from '../faults/fault.js'
import { matchWeights } from '../weights/match.js'
import { otherGeneration, towerOf, withoutTower } from '../weights/other-names.js'
import { openSafetensors } from '../weights/safetensors.js'
import type { SourceTensor } from '../weights/table.js'
import { openTorch } from '../weights/torch/torch-file.js'
import { WeightsError } from '../weights/weights-error.js'
import { configProblems } from './adapter-config.js'
import { peftFiles, peftName } from './exports/peft-names.js'

/** Where an adapter's factors lie, and what was trained of the model with it, by its path there. */
export interface AdapterWeights {
  readonly factors: ReadonlyMap<string, SourceTensor>
  readonly beside: ReadonlyMap<string, SourceTensor>
}

/** An adapter with the manifest's entries of its factors and of the model that it stands in. */
export interface AdapterParts {
  readonly adapter: AdapterSpec
  readonly factors: ModelSpec
  readonly base: ModelSpec
}

/** Opens the folder of peft's format that an adapter starts from; it must be what the pipeline declares. Throws UserError. */
export async function openPeftFolder(
  parts: AdapterParts,
  {
    root,
    span,
    onWarning,
  }: {
    readonly root: string
    readonly span: Span
    readonly onWarning?: ((warning: Diagnostic) => void) | undefined
  },
): Promise<AdapterWeights> {
  const { adapter, factors } = parts
  const from = factors.from ?? ''
  const folder = resolve(root, from)
  const wrong = (file: string, problem: string, help?: string): never => {
    throw new UserError(adapterFile(span, { adapter: adapter.name, file: join(from, file), problem, help }))
  }
  const isThere = (file: string): boolean => existsSync(join(folder, file))
  const weights = [peftFiles.weights, peftFiles.torch].find(isThere)
  for (const file of [peftFiles.config, weights ?? peftFiles.weights])
    if (!isThere(file))
      wrong(
        file,
        'it is not there',
        `a folder as peft's \`save_pretrained\` writes it: ${peftFiles.config} and ${peftFiles.weights}, or ${peftFiles.torch}`,
      )
  const config = parse(readFileSync(join(folder, peftFiles.config), 'utf8'))
  if (config === undefined) return wrong(peftFiles.config, 'it is not a JSON object')
  for (const { key, problem, help } of configProblems(config, adapter, parts.base))
    return wrong(peftFiles.config, `\`${key}\` ${problem}`, help)
  const file = join(folder, weights ?? peftFiles.weights)
  const opened = await openAdapterFile(parts, file, span)
  if (adapter.biases.length > 0 && opened.beside.size === 0)
    onWarning?.(lostBiases(span, { adapter: adapter.name, file }))
  return opened
}

/** Opens a file with an adapter's tensors under peft's names. Throws UserError. */
export async function openAdapterFile(
  { adapter, factors, base }: AdapterParts,
  file: string,
  span: Span,
): Promise<AdapterWeights> {
  const opened = file.endsWith('.safetensors') ? openSafetensors(file) : openTorch(file)
  const whole = await opened.catch((error: unknown) => {
    throw error instanceof WeightsError ? new UserError(weightsFaults[error.fault](span, error)) : error
  })
  const tower = towerOf(base.parameters.map(({ path }) => path))
  // an exported adapter in one tower has each tensor under two names
  const twins = new Set(
    [...whole.tensors.keys()].flatMap((key) => {
      const other = withoutTower(tower, key)
      return other === key ? [] : [other]
    }),
  )
  const isOwn = (key: string): boolean => !twins.has(key) && !isCopyOfSaved(adapter, key)
  const table = { file, tensors: new Map([...whole.tensors].filter(([key]) => isOwn(key))) }
  const moved = otherGeneration(tower, [...table.tensors.keys()])
  const has = (path: string): boolean => table.tensors.has(path) || table.tensors.has(moved?.(path) ?? path)
  // versions of peft before 0.17 leave out the biases that they trained in layers, and load such files
  const layerBiases = adapter.bias === undefined ? adapter.biases : []
  const isThere = (path: string): boolean => has(`base_model.model.${path}`) || has(peftName(adapter, path))
  const lost = layerBiases.some(isThere) ? [] : layerBiases
  const trained = new Set([...trainedBeside(adapter)].filter((path) => !lost.includes(path)))
  const besideNames = new Map(
    base.parameters.flatMap((p): [string, ModelSpec['parameters'][number]][] => {
      if (!trained.has(p.path)) return []
      // older versions of peft name a bias of a layer as the model does
      const older = `base_model.model.${p.path}`
      return [[has(older) ? older : peftName(adapter, p.path), p]]
    }),
  )
  const wanted = [...factors.parameters, ...[...besideNames].map(([path, p]) => ({ ...p, path }))]
  const { found, missing, unused, different } = matchWeights(table, wanted, [], tower)
  if (missing.length + unused.length + different.length > 0)
    throw new UserError(mismatchedAdapter(span, { adapter: adapter.name, file, missing, unused, different }))
  const inFactors = new Map<string, SourceTensor>()
  const beside = new Map<string, SourceTensor>()
  for (const [key, tensor] of found) {
    const own = besideNames.get(key)
    if (own) beside.set(own.path, { ...tensor, name: own.path })
    else inFactors.set(key, tensor)
  }
  return { factors: inFactors, beside }
}

/** With `bias = "all"` peft keeps the biases of modules that are kept whole under two more names. */
const isCopyOfSaved = ({ bias, saved = [] }: AdapterSpec, key: string): boolean =>
  bias === 'all' &&
  saved.some(({ module }) =>
    ['modules_to_save', 'original_module'].some((part) => key.includes(`${module}.${part}.`)),
  )

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
