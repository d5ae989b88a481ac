import type { DataPart, DataSpec, HostExpression } from '../../artefact/data.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Expression } from '../1-parse/syntax.js'
import type { Elaboration } from './elaboration.js'
import type { Environment } from './environment.js'
import type { RowScope } from './host-expression.js'

/** A field and how each part makes it. */
export interface TakenField {
  readonly field: DataSpec['fields'][number]
  /** A picture, which crosses to the graph as bytes. */
  readonly bytes: boolean
  readonly values: readonly HostExpression[]
  /** Where it is declared. */
  readonly span: Span
}

/** Rows, with what may be said of them. */
export interface TakenRows {
  readonly parts: readonly Omit<DataPart, 'values'>[]
  readonly weights: readonly number[]
  readonly scope: RowScope
  readonly fields: readonly TakenField[]
}

/** What rows are looked for with. */
export interface RowContext {
  readonly x: Elaboration
  /** The declaration at hand. */
  readonly name: string
  /** What a file sees. */
  environment(file: string): Environment
  /** The rows of another declaration; undefined where there is none of that name. */
  declared(name: string): TakenRows | undefined
  /** The declarations that there are. */
  readonly names: readonly string[]
  /** The rows that an expression stands for. */
  rows(e: Expression | undefined, span: Span): TakenRows
}

/** An expression that reads columns alone. */
export function inlined(e: HostExpression, lets: DataPart['lets']): HostExpression {
  switch (e.kind) {
    case 'let': {
      const found = lets.find(({ name }) => name === e.name)
      if (!found) throw new Error(`no let ${e.name}`)
      return inlined(found.value, lets)
    }
    case 'operation':
      return { ...e, operands: e.operands.map((operand) => inlined(operand, lets)) }
    case 'call': {
      const entries = Object.entries(e.arguments).map(
        ([name, value]) => [name, inlined(value, lets)] as const,
      )
      return { ...e, arguments: Object.fromEntries(entries) }
    }
    default:
      return e
  }
}
