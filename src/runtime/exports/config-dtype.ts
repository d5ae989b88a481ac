import type { ModelSpec } from '../../artefact/models.js'
import type { DType } from '../../graph/types.js'
import type { JsonNode } from '../../json/read.js'

/** What torch calls the types of floats, the widest first. */
const torchNames: ReadonlyMap<DType, string> = new Map([
  ['f64', 'float64'],
  ['f32', 'float32'],
  ['bf16', 'bfloat16'],
  ['f16', 'float16'],
])

/** transformers 5 writes the first, earlier ones the second; they stand in the parts of a configuration, too. */
const keys = ['dtype', 'torch_dtype']
const isPart = (key: string): boolean => /^(text|vision)_config$/.test(key)

/** The text of a configuration in which the type of the weights, where it says one, is the one that is written. */
export function withDType(text: string, config: JsonNode, { parameters }: ModelSpec): string {
  const written = new Set(parameters.map(({ dtype }) => dtype))
  const [, name] = [...torchNames].find(([dtype]) => written.has(dtype)) ?? []
  if (name === undefined) return text
  return [...placesOf(config)]
    .sort((a, b) => b.start - a.start)
    .reduce((all, { start, end }) => `${all.slice(0, start)}"${name}"${all.slice(end)}`, text)
}

const placesOf = (node: JsonNode): readonly JsonNode[] =>
  node.kind === 'object'
    ? [...node.members].flatMap(([key, value]) =>
        keys.includes(key) && value.kind === 'value' ? [value] : isPart(key) ? placesOf(value) : [],
      )
    : []
