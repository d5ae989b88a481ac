import type { AdapterSpec, ModelSpec } from '../artefact/models.js'
import { writtenPath } from '../compiler/3-elaborate/join-path.js'
import { TimeLimit, within } from '../text/time-limit.js'

/** Keys of LoraConfig that say how the adapter was made or trained, not what it computes. */
const neutral = new Set(
  `alpha_pattern auto_mapping base_model_name_or_path bias corda_config ensure_weight_tying eva_config exclude_modules
  inference_mode init_lora_weights layers_pattern layers_to_transform loftq_config lora_alpha lora_dropout
  lora_ga_config megatron_core modules_to_save peft_type peft_version qalora_group_size r rank_pattern revision
  runtime_config target_modules task_type use_rslora`.split(/\s+/),
)

interface ConfigProblem {
  readonly key: string
  readonly problem: string
  readonly help: string
}

/** What `r` and `lora_alpha` are where a configuration leaves them out, as peft's LoraConfig has it. */
const peftDefault = 8

const noNumber = 'it must be a number: correct the file'

const toldValue = (value: unknown): string =>
  value === undefined ? `not there, which means ${peftDefault}` : JSON.stringify(value)

/** What the configuration says otherwise than the declaration, and what LoRA here does not have. */
export function* configProblems(
  config: Readonly<Record<string, unknown>>,
  a: AdapterSpec,
  base: ModelSpec,
): Generator<ConfigProblem> {
  if (config['peft_type'] !== 'LORA')
    yield { key: 'peft_type', problem: `is ${show(config['peft_type'])}`, help: 'only LoRA can be loaded' }
  const { r: rank = peftDefault, lora_alpha: alpha = peftDefault } = config
  // rsLoRA (Kalajdzievski 2023, arXiv 2312.03732) divides by the root of the rank: the same as a larger alpha
  const rooted = config['use_rslora'] === true
  const patterns = ['rank_pattern', 'alpha_pattern'].some((key) => key in config && isSet(config[key]))
  const isPatterned = patterns || a.layers.some((l) => l.rank !== undefined || l.alpha !== undefined)
  if (isPatterned) yield* layerProblems(config, a, rooted)
  else {
    if (rank !== a.rank)
      yield {
        key: 'r',
        problem: `is ${toldValue(config['r'])}, the pipeline says rank = ${a.rank}`,
        help: typeof rank === 'number' ? `write \`rank = ${rank}\`` : noNumber,
      }
    const factor = rooted && typeof rank === 'number' ? Math.sqrt(rank) : 1
    const meant = typeof alpha === 'number' ? alpha * factor : NaN
    if (!near(meant, a.alpha))
      yield {
        key: 'lora_alpha',
        problem: `is ${toldValue(config['lora_alpha'])}${rooted ? `, with \`use_rslora\` as much as ${meant}` : ''}, the pipeline says alpha = ${a.alpha}`,
        help: Number.isNaN(meant) ? noNumber : `write \`alpha = ${meant}\``,
      }
  }
  const trains = a.bias ?? (a.biases.length > 0 ? 'lora_only' : 'none')
  const bias = config['bias'] ?? 'none'
  if (bias !== trains)
    yield {
      key: 'bias',
      problem: `is ${show(bias)}, the pipeline ${trains === 'none' ? 'does not train' : 'trains'} the biases${trains === 'all' ? ' of the whole model' : ''}`,
      help: `write \`train_bias = ${bias === 'all' ? '"all"' : bias === 'lora_only'}\``,
    }
  yield* savedProblems(config['modules_to_save'], a, base)
  const start = config['init_lora_weights']
  if (typeof start === 'string' && /pissa|olora|corda|loftq/i.test(start))
    yield {
      key: 'init_lora_weights',
      problem: `is ${show(start)}, which changes the weights of the model itself`,
      help: 'convert the adapter: peft `save_pretrained` with `path_initial_model_for_weight_conversion`',
    }
  for (const [key, value] of Object.entries(config))
    if (!neutral.has(key) && isSet(value))
      yield {
        key,
        problem: `is ${show(value)}`,
        help: 'LoRA here has no such thing: merge the adapter in Python, `PeftModel.from_pretrained(model, folder).merge_and_unload()`, save the model and let `from` name that',
      }
}

const show = (value: unknown): string => JSON.stringify(value)

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * b

/** Rank and alpha of each layer, where they are not the same for all. */
function* layerProblems(
  config: Readonly<Record<string, unknown>>,
  { rank, alpha, layers }: AdapterSpec,
  rooted: boolean,
): Generator<ConfigProblem> {
  const { r = peftDefault, lora_alpha: scale = peftDefault } = config
  const modules = layers.map(({ module }) => module)
  const ranks = byPattern(config['rank_pattern'], r, modules)
  const alphas = byPattern(config['alpha_pattern'], scale, modules)
  if (!ranks || !alphas) {
    yield {
      key: ranks ? 'alpha_pattern' : 'rank_pattern',
      problem: `has patterns that take longer than ${patience} seconds to compare with the names of layers`,
      help: 'write the ends of their paths in its place, such as "fc1"',
    }
    return
  }
  for (const [k, layer] of layers.entries()) {
    const [theirs, own] = [ranks[k], layer.rank ?? rank]
    if (theirs !== own)
      yield {
        key: 'rank_pattern',
        problem: `gives \`${layer.module}\` the rank ${show(theirs)}, the pipeline ${own}`,
        help: `write \`rank = ${show(r)}\` and \`rank_pattern = [("${layer.module}", ${show(theirs)})]\` with all such layers`,
      }
    const given = Number(alphas[k]) * (rooted ? Math.sqrt(Number(theirs)) : 1)
    if (!near(given, layer.alpha ?? alpha))
      yield {
        key: 'alpha_pattern',
        problem: `gives \`${layer.module}\` the alpha ${given}, the pipeline ${layer.alpha ?? alpha}`,
        help: `write \`alpha = ${show(scale)}\` and \`alpha_pattern = [("${layer.module}", ${given})]\` with all such layers`,
      }
  }
}

/** Seconds for all layers; patterns come from a file. */
const patience = 2

/**
 * What patterns of the ends of paths give to each module, of which the first that fits counts; undefined where they take
 * too long. Source: peft, get_pattern_key.
 */
function byPattern(
  pattern: unknown,
  otherwise: unknown,
  modules: readonly string[],
): readonly unknown[] | undefined {
  const given = typeof pattern === 'object' && pattern !== null ? Object.entries(pattern) : []
  const entries = given.map(([key, value]: [string, unknown]) => [anyEnd(key), value] as const)
  try {
    return within(patience, () =>
      modules.map((module) => (entries.find(([key]) => key.test(module)) ?? [null, otherwise])[1]),
    )
  } catch (error) {
    if (error instanceof TimeLimit) return undefined
    throw error
  }
}

function anyEnd(key: string): RegExp {
  try {
    return new RegExp(`^(?:.*\\.)?(?:${key})$`)
  } catch {
    return new RegExp(`^(?:.*\\.)?${key.replace(/[^\w]/g, String.raw`\$&`)}$`)
  }
}

/** The modules that are kept whole must be the same. peft takes all whose path ends as one that is named. */
function* savedProblems(
  modules: unknown,
  { saved = [] }: AdapterSpec,
  base: ModelSpec,
): Generator<ConfigProblem> {
  const names = Array.isArray(modules) ? modules.map(String) : []
  const paths = base.parameters.flatMap(({ path }) => {
    const parts = path.split('.')
    return parts.slice(1).map((_, k) => parts.slice(0, k + 1).join('.'))
  })
  const theirs = new Set(paths.filter((path) => names.some((name) => path.endsWith(name))))
  const own = new Set(saved.map(({ module }) => module))
  if (theirs.size === own.size && [...theirs].every((path) => own.has(path))) return
  const wanted = [...theirs].map((path) => writtenPath(base.name, path)).join(', ')
  yield {
    key: 'modules_to_save',
    problem: `is ${show(modules ?? null)}, the pipeline keeps ${own.size === 0 ? 'no module' : [...own].join(', ')}`,
    help: theirs.size === 0 ? 'leave `modules_to_save` out' : `write \`modules_to_save = [${wanted}]\``,
  }
}

/** Whether a key asks for something. */
const isSet = (value: unknown): boolean =>
  !(value === null || value === false || value === '') &&
  !(typeof value === 'object' && value !== null && Object.keys(value).length === 0) &&
  value !== 'megatron.core'
