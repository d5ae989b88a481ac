import { flatten } from '../../src/compiler/2-resolve/flatten.js'
import { loadProgram } from '../../src/compiler/2-resolve/program.js'
import { checkStatics } from '../../src/compiler/3-elaborate/check.js'
import type { Val } from '../../src/compiler/3-elaborate/values.js'
import { Diagnostics } from '../../src/diagnostics/diagnostic.js'
import type { Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, elementCount, tensor } from '../../src/graph/types.js'
import { readLibrary } from './analyze.js'

export type Nested = number | string | boolean | null | readonly Nested[] | { readonly [key: string]: Nested }

/** 0, 1, 2, ... in the shape of an input. */
const counting = ({ type }: Value): Tensor =>
  tensor(
    type.dtype,
    type.shape,
    Array.from({ length: elementCount(type.shape) }, (_, i) => i),
  )

/** The values of a pipeline's names: static ones as they are, tensors in float64 with inputs that count from 0. */
export function valuesOf(
  items: string,
  declarations = '',
  leaf: (input: Value) => Tensor = counting,
): (name: string) => Nested {
  const source = `${declarations}\npipeline p {\n${items}\n}`
  const diagnostics = new Diagnostics()
  const read = (path: string): string | undefined => (path === 'main.dcr' ? source : readLibrary(path))
  const program = loadProgram('main.dcr', { read }, diagnostics)
  const pipeline = flatten(program, undefined, diagnostics)
  if (!pipeline || diagnostics.hasErrors) throw new Error(diagnostics.all.map((d) => d.message).join('; '))
  const { statics } = checkStatics(program, pipeline, new Map(), diagnostics)
  if (diagnostics.hasErrors) throw new Error(diagnostics.all.map((d) => d.message).join('; '))
  const x = statics.scope.elaboration
  const environment = statics.scope.environment('main.dcr')
  const shown = (value: Val): Nested => {
    switch (value.kind) {
      case 'int':
      case 'float':
      case 'string':
      case 'bool':
        return value.value
      case 'none':
        return null
      case 'list':
      case 'tuple':
        return value.items.map(shown)
      case 'record':
        return Object.fromEntries([...value.fields].map(([name, field]) => [name, shown(field)]))
      case 'tensor': {
        const [result] = interpret(x.finish('test', [{ name: 'result', value: value.value }]), leaf)
        if (!result) throw new Error('no result')
        return nested(result.shape, [...result.data])
      }
      default:
        throw new Error(`a ${value.kind}`)
    }
  }
  return (name) => {
    const value = environment.get(name)
    if (!value) throw new Error(`no ${name}`)
    return shown(value)
  }
}

/** The value of one expression. */
export const valueOf = (expression: string, declarations = '', items = ''): Nested =>
  valuesOf(`${items}\nlet result = ${expression}`, declarations)('result')

function nested([first, ...rest]: readonly number[], data: readonly number[]): Nested {
  if (first === undefined) return data[0] ?? null
  const size = elementCount(rest)
  return Array.from({ length: first }, (_, i) => nested(rest, data.slice(i * size, (i + 1) * size)))
}
