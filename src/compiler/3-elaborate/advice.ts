import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Diagnostic, Label, Span } from '../../diagnostics/diagnostic.js'
import { type Val, describe } from './values.js'

interface Wanted {
  readonly wanted: string
  readonly where?: string
  readonly labels?: readonly Label[]
  readonly help?: string | undefined
}

/** A value of another kind than is wanted, with the step that beginners leave out where there is one. */
export const wrongValue = (
  span: Span,
  value: Val,
  { help = missingStep(value), ...rest }: Wanted,
): Diagnostic => wrongType(span, { ...rest, got: describe(value), help })

const call = (name: string, parameters: readonly string[]): string =>
  `call it: \`${name}(${parameters.join(', ')})\``

function missingStep(value: Val): string | undefined {
  switch (value.kind) {
    case 'data':
      return `\`${value.name}.field\` is one of its fields as a tensor`
    case 'module':
      return `\`model name = ${value.declaration.name.text}(...)\` makes one, \`name(x)\` applies it`
    case 'instance':
      return 'apply it to a tensor: `name(x)`'
    case 'fn':
      return call(
        value.declaration.name.text,
        value.declaration.parameters.map((p) => p.name.text),
      )
    case 'operator':
      return call(
        value.definition.name,
        value.definition.parameters.map((p) => p.name),
      )
    case 'row-index':
      return 'a row index only picks rows: `x[i]`'
    default:
      return undefined
  }
}

/** What other languages write as a member of a tensor is a function here. */
const functionsFor: Readonly<Record<string, string>> = {
  T: 'transpose(x, [1, 0])',
  view: 'reshape(x, [...])',
  permute: 'transpose(x, [...])',
  detach: 'stop_gradient(x)',
  size: 'shape(x)[0]',
  to: 'cast(x, f32)',
  unsqueeze: 'x[None, :]',
  dim: 'len(shape(x))',
}

/** A hint for `x.name` where x has no members. */
export function notAMember(object: Val, name: string): string | undefined {
  if (object.kind !== 'tensor') return undefined
  return `a tensor has no members; functions are called on it: \`${functionsFor[name] ?? `${name}(x)`}\``
}
