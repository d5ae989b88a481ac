import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { AdapterSpec, ModelSpec } from '../artefact/models.js'
import { adapterFile } from '../diagnostics/catalogue/adapter.js'
import { corruptWeights, mismatchedWeights } from '../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { matchWeights } from '../weights/match.js'
import { openSafetensors } from '../weights/safetensors.js'
import type { SourceTensor } from '../weights/table.js'
import { WeightsError } from '../weights/weights-error.js'
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
  const both = Object.values(peftFiles)
  for (const file of both)
    if (!existsSync(join(folder, file)))
      wrong(
        file,
        'it is not there',
        `a folder as peft's \`save_pretrained\` writes it: ${both.join(' and ')}`,
      )
  const config = parse(readFileSync(join(folder, peftFiles.config), 'utf8'))
  if (config === undefined) return wrong(peftFiles.config, 'it is not a JSON object')
  for (const { key, problem, help } of configProblems(config, adapter))
    return wrong(peftFiles.config, `\`${key}\` ${problem}`, help)
  return openAdapterFile(parts, join(folder, peftFiles.weights), span)
}

/** Opens a file with an adapter's tensors under peft's names. Throws UserError. */
export async function openAdapterFile(
  { adapter: { name, biases }, factors, base }: AdapterParts,
  file: string,
  span: Span,
): Promise<AdapterWeights> {
  const table = await openSafetensors(file).catch((error: unknown) => {
    throw error instanceof WeightsError ? new UserError(corruptWeights(span, error)) : error
  })
  const biasNames = new Map(
    base.parameters.flatMap((p): [string, ModelSpec['parameters'][number]][] => {
      if (!biases.includes(p.path)) return []
      // older versions of peft name a bias as the model does
      const older = `base_model.model.${p.path}`
      return [[table.tensors.has(older) ? older : peftBias(p.path), p]]
    }),
  )
  const wanted = [...factors.parameters, ...[...biasNames].map(([path, p]) => ({ ...p, path }))]
  const { found, missing, unused, different } = matchWeights(table, wanted, [])
  if (missing.length + unused.length + different.length > 0)
    throw new UserError(mismatchedWeights(span, { model: name, file, missing, unused, different }))
  const own = new Map<string, SourceTensor>()
  const beside = new Map<string, SourceTensor>()
  for (const [key, tensor] of found) {
    const bias = biasNames.get(key)
    if (bias) beside.set(bias.path, { ...tensor, name: bias.path })
    else own.set(key, tensor)
  }
  return { factors: own, biases: beside }
}

/** Keys of LoraConfig that say how the adapter was made or trained, not what it computes. */
const neutral = new Set(
  `auto_mapping base_model_name_or_path bias corda_config ensure_weight_tying eva_config exclude_modules
  inference_mode init_lora_weights layers_pattern layers_to_transform loftq_config lora_alpha lora_dropout
  lora_ga_config megatron_core peft_type peft_version qalora_group_size r revision runtime_config target_modules
  task_type`.split(/\s+/),
)

interface ConfigProblem {
  readonly key: string
  readonly problem: string
  readonly help: string
}

/** What the configuration says otherwise than the declaration, and what LoRA here does not have. */
function* configProblems(
  config: Readonly<Record<string, unknown>>,
  a: AdapterSpec,
): Generator<ConfigProblem> {
  const show = (value: unknown): string => JSON.stringify(value)
  if (config['peft_type'] !== 'LORA')
    yield { key: 'peft_type', problem: `is ${show(config['peft_type'])}`, help: 'only LoRA can be loaded' }
  for (const [key, setting, value] of [
    ['r', 'rank', a.rank],
    ['lora_alpha', 'alpha', a.alpha],
  ] as const)
    if (config[key] !== value)
      yield {
        key,
        problem: `is ${show(config[key])}, the pipeline says ${setting} = ${value}`,
        help: `write \`${setting} = ${show(config[key])}\``,
      }
  const trains = a.biases.length > 0
  if ((config['bias'] ?? 'none') !== (trains ? 'lora_only' : 'none'))
    yield {
      key: 'bias',
      problem: `is ${show(config['bias'])}, the pipeline ${trains ? 'trains' : 'does not train'} the biases`,
      help:
        config['bias'] === 'all'
          ? 'biases of other layers cannot be loaded'
          : `write \`train_bias = ${!trains}\``,
    }
  const start = config['init_lora_weights']
  if (typeof start === 'string' && /pissa|olora|corda|loftq/i.test(start))
    yield {
      key: 'init_lora_weights',
      problem: `is ${show(start)}, which changes the weights of the model itself`,
      help: 'convert the adapter: peft `save_pretrained` with `path_initial_model_for_weight_conversion`',
    }
  for (const [key, value] of Object.entries(config))
    if (!neutral.has(key) && isSet(value))
      yield { key, problem: `is ${show(value)}`, help: 'LoRA here has no such thing' }
}

/** Whether a key asks for something. */
const isSet = (value: unknown): boolean =>
  !(value === null || value === false || value === '') &&
  !(typeof value === 'object' && value !== null && Object.keys(value).length === 0) &&
  value !== 'megatron.core'

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
