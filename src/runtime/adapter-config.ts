import type { AdapterSpec } from '../artefact/models.js'

/** Keys of LoraConfig that say how the adapter was made or trained, not what it computes. */
const neutral = new Set(
  `auto_mapping base_model_name_or_path bias corda_config ensure_weight_tying eva_config exclude_modules
  inference_mode init_lora_weights layers_pattern layers_to_transform loftq_config lora_alpha lora_dropout
  lora_ga_config megatron_core peft_type peft_version qalora_group_size r revision runtime_config target_modules
  task_type use_rslora`.split(/\s+/),
)

interface ConfigProblem {
  readonly key: string
  readonly problem: string
  readonly help: string
}

/** What `r` and `lora_alpha` are where a configuration leaves them out, as peft's LoraConfig has it. */
const peftDefault = 8

const toldValue = (value: unknown): string =>
  value === undefined ? `not there, which means ${peftDefault}` : JSON.stringify(value)

/** What the configuration says otherwise than the declaration, and what LoRA here does not have. */
export function* configProblems(
  config: Readonly<Record<string, unknown>>,
  a: AdapterSpec,
): Generator<ConfigProblem> {
  const show = (value: unknown): string => JSON.stringify(value)
  if (config['peft_type'] !== 'LORA')
    yield { key: 'peft_type', problem: `is ${show(config['peft_type'])}`, help: 'only LoRA can be loaded' }
  const { r: rank = peftDefault, lora_alpha: alpha = peftDefault } = config
  if (rank !== a.rank)
    yield {
      key: 'r',
      problem: `is ${toldValue(config['r'])}, the pipeline says rank = ${a.rank}`,
      help: `write \`rank = ${show(rank)}\``,
    }
  // rsLoRA (Kalajdzievski 2023, arXiv 2312.03732) divides by the root of the rank: the same as a larger alpha
  const rooted = config['use_rslora'] === true
  const factor = rooted && typeof rank === 'number' ? Math.sqrt(rank) : 1
  const meant = typeof alpha === 'number' ? alpha * factor : NaN
  if (!(Math.abs(meant - a.alpha) <= 1e-6 * a.alpha))
    yield {
      key: 'lora_alpha',
      problem: `is ${toldValue(config['lora_alpha'])}${rooted ? `, with \`use_rslora\` as much as ${meant}` : ''}, the pipeline says alpha = ${a.alpha}`,
      help: `write \`alpha = ${Number.isNaN(meant) ? show(alpha) : meant}\``,
    }
  const trains = a.biases.length > 0
  if ((config['bias'] ?? 'none') !== (trains ? 'lora_only' : 'none'))
    yield {
      key: 'bias',
      problem: `is ${show(config['bias'])}, the pipeline ${trains ? 'trains' : 'does not train'} the biases`,
      help:
        config['bias'] === 'all'
          ? 'biases of other layers cannot be loaded: merge the adapter in Python, `PeftModel.from_pretrained(model, folder).merge_and_unload()`, save the model and let `from` name that'
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
      yield {
        key,
        problem: `is ${show(value)}`,
        help: 'LoRA here has no such thing: merge the adapter in Python, `PeftModel.from_pretrained(model, folder).merge_and_unload()`, save the model and let `from` name that',
      }
}

/** Whether a key asks for something. */
const isSet = (value: unknown): boolean =>
  !(value === null || value === false || value === '') &&
  !(typeof value === 'object' && value !== null && Object.keys(value).length === 0) &&
  value !== 'megatron.core'
