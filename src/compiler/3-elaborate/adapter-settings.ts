import { badAdapter } from '../../diagnostics/catalogue/adapter.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Argument } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { type Val, describe } from './values.js'

const settingNames = [
  'rank',
  'alpha',
  'dropout',
  'train_bias',
  'rank_pattern',
  'alpha_pattern',
  'modules_to_save',
] as const

/** A number of the layers whose paths end so; of several the first counts, as in peft. */
export interface LayerPattern {
  readonly end: string
  readonly value: number
  readonly span: Span
}

export interface AdapterSettings {
  readonly rank: number
  readonly alpha: number
  readonly dropout: number
  readonly trainBias: boolean | 'all'
  readonly rankPattern: readonly LayerPattern[]
  readonly alphaPattern: readonly LayerPattern[]
  /** What is trained whole beside the layers: a part of the model or a list of them. */
  readonly saved: readonly { readonly value: Val; readonly span: Span }[]
}

/** What `lora` is given beside the parts that it adapts. */
export function settingsOf(
  x: Elaboration,
  args: readonly Argument[],
  env: Environment,
  span: Span,
): AdapterSettings {
  const given = new Map<string, { readonly value: Val; readonly span: Span }>()
  for (const { name, value } of args) {
    if (!name) continue
    if (!settingNames.some((s) => s === name.text))
      return fail(
        badAdapter(name.span, {
          message: `\`lora\` has no setting \`${name.text}\``,
          help: `it has ${settingNames.map((s) => `\`${s}\``).join(', ')}`,
        }),
      )
    if (given.has(name.text))
      return fail(badAdapter(name.span, { message: `\`${name.text}\` is given twice` }))
    given.set(name.text, { value: evaluate(x, value, env), span: value.span })
  }
  const wrong = (name: string, wanted: string): never => {
    const { value, span: at } = given.get(name) ?? { value: undefined, span }
    return fail(
      badAdapter(at, { message: `\`${name}\` takes ${wanted}, got ${value ? describe(value) : 'nothing'}` }),
    )
  }
  const number = (name: string, otherwise: number, wanted: string, fits: (n: number) => boolean): number => {
    const v = given.get(name)?.value
    if (!v) return otherwise
    return (v.kind === 'int' || v.kind === 'float') && fits(v.value) ? v.value : wrong(name, wanted)
  }
  if (!given.has('rank'))
    return fail(badAdapter(span, { message: '`lora` needs `rank`', help: 'write `rank = 16`' }))
  const rank = number('rank', 0, 'an int of at least 1', (n) => Number.isInteger(n) && n >= 1)
  const trainBias = given.get('train_bias')?.value ?? { kind: 'bool', value: false }
  const isAll = trainBias.kind === 'string' && trainBias.value === 'all'
  const patterns = (name: string, wanted: string, fits: (n: number) => boolean): readonly LayerPattern[] => {
    const found = given.get(name)
    if (!found) return []
    const { value, span: at } = found
    if (value.kind !== 'list') return wrong(name, wanted)
    return value.items.map((item) => {
      const [end, n] = item.kind === 'tuple' ? item.items : []
      const isPair = end?.kind === 'string' && (n?.kind === 'int' || n?.kind === 'float') && fits(n.value)
      return isPair ? { end: end.value, value: n.value, span: at } : wrong(name, wanted)
    })
  }
  const saved = given.get('modules_to_save')
  return {
    rank,
    alpha: number('alpha', rank, 'a number above 0', (n) => n > 0),
    dropout: number('dropout', 0, 'a number from 0 up to, not including, 1', (n) => n >= 0 && n < 1),
    trainBias: isAll
      ? 'all'
      : trainBias.kind === 'bool'
        ? trainBias.value
        : wrong('train_bias', 'true, false or "all"'),
    rankPattern: patterns(
      'rank_pattern',
      'pairs such as `[("fc1", 8)]`',
      (n) => Number.isInteger(n) && n >= 1,
    ),
    alphaPattern: patterns('alpha_pattern', 'pairs such as `[("fc1", 8)]`', (n) => n > 0),
    saved: saved ? [saved] : [],
  }
}
