import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { AdapterSpec, ModelSpec } from '../artefact/models.js'
import { adapterFile, mismatchedAdapter } from '../diagnostics/catalogue/adapter.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { weightsFaults } from '../faults/fault.js'
import { matchWeights } from '../weights/match.js'
import { otherGeneration, towerOf, withoutTower } from '../weights/other-names.js'
import { openSafetensors } from '../weights/safetensors.js'
import type { SourceTensor } from '../weights/table.js'
import { openTorch } from '../weights/torch/torch-file.js'
import { WeightsError } from '../weights/weights-error.js'
import { configProblems } from './adapter-config.js'
import { peftBias, peftFiles } from './exports/peft-names.js'

/** Where an adapter's factors lie, and the biases of its layers that were trained with it, by their path in the model. */
export interface AdapterWeights {
  readonly factors: ReadonlyMap<string, SourceTensor>
  readonly biases: ReadonlyMap<string, SourceTensor>
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
  { root, span }: { readonly root: string; readonly span: Span },
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
  for (const { key, problem, help } of configProblems(config, adapter))
    return wrong(peftFiles.config, `\`${key}\` ${problem}`, help)
  return openAdapterFile(parts, join(folder, weights ?? peftFiles.weights), span)
}

/** Opens a file with an adapter's tensors under peft's names. Throws UserError. */
export async function openAdapterFile(
  { adapter: { name, biases }, factors, base }: AdapterParts,
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
  const table = { file, tensors: new Map([...whole.tensors].filter(([key]) => !twins.has(key))) }
  const moved = otherGeneration(tower, [...table.tensors.keys()])
  const has = (path: string): boolean => table.tensors.has(path) || table.tensors.has(moved?.(path) ?? path)
  const biasNames = new Map(
    base.parameters.flatMap((p): [string, ModelSpec['parameters'][number]][] => {
      if (!biases.includes(p.path)) return []
      // older versions of peft name a bias as the model does
      const older = `base_model.model.${p.path}`
      return [[has(older) ? older : peftBias(p.path), p]]
    }),
  )
  const wanted = [...factors.parameters, ...[...biasNames].map(([path, p]) => ({ ...p, path }))]
  const { found, missing, unused, different } = matchWeights(table, wanted, [], tower)
  if (missing.length + unused.length + different.length > 0)
    throw new UserError(mismatchedAdapter(span, { adapter: name, file, missing, unused, different }))
  const own = new Map<string, SourceTensor>()
  const beside = new Map<string, SourceTensor>()
  for (const [key, tensor] of found) {
    const bias = biasNames.get(key)
    if (bias) beside.set(bias.path, { ...tensor, name: bias.path })
    else own.set(key, tensor)
  }
  return { factors: own, biases: beside }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
