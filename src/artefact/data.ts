import type { DType } from '../graph/types.js'
import type { Json, Settings } from './json.js'

/** A host expression of a data field: a source column, or a host function of some. */
export type HostExpression =
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: Json }
  | {
      readonly kind: 'call'
      readonly function: string
      readonly arguments: Readonly<Record<string, HostExpression>>
    }

export interface DataSpec {
  readonly name: string
  readonly source: string
  readonly arguments: Settings
  readonly fields: readonly {
    readonly name: string
    readonly dtype: DType
    readonly shape: readonly number[]
    readonly value: HostExpression
  }[]
}
