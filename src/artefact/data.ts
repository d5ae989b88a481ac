import type { DType } from '../graph/types.js'
import type { Json, Settings } from './json.js'

export const hostOperators = [
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'and',
  'or',
  'not',
  '+',
  '-',
  '*',
  '/',
] as const

/** What is computed of one row on the host. */
export type HostExpression =
  /** A column of the source. */
  | { readonly kind: 'column'; readonly name: string }
  /** A `let` of the block, computed once a row: who reads it shares what it draws. */
  | { readonly kind: 'let'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: Json }
  | {
      readonly kind: 'call'
      readonly function: string
      readonly arguments: Readonly<Record<string, HostExpression>>
    }
  /** Of numbers, texts and truth values, in a condition. */
  | {
      readonly kind: 'operation'
      readonly operator: (typeof hostOperators)[number]
      readonly operands: readonly HostExpression[]
    }

export interface SourcePlan {
  readonly kind: 'source'
  readonly source: string
  readonly arguments: Settings
}

/** Which rows: all of a source, or some of those of another plan. */
export type RowPlan =
  | SourcePlan
  /** From one share of them to another; `by` keeps rows of one value together. Of equal plans, parts next to each other share no row. */
  | {
      readonly kind: 'part'
      readonly of: RowPlan
      readonly from: number
      readonly to: number
      readonly by: HostExpression | null
      readonly seed: number
    }
  | { readonly kind: 'limit'; readonly of: RowPlan; readonly count: number }
  | { readonly kind: 'where'; readonly of: RowPlan; readonly condition: HostExpression }
  /** Each with another beside it. */
  | { readonly kind: 'pairs'; readonly of: RowPlan; readonly seed: number }

/** Rows that come the same way, and how their fields are made. */
export interface DataPart {
  readonly rows: RowPlan
  /** Parts of one group are one set of rows. */
  readonly group: number
  /** In an order in which each reads earlier ones alone. */
  readonly lets: readonly { readonly name: string; readonly value: HostExpression }[]
  /** Of the fields, in their order. */
  readonly values: readonly HostExpression[]
}

export interface DataSpec {
  readonly name: string
  readonly fields: readonly {
    readonly name: string
    readonly dtype: DType
    readonly shape: readonly number[]
  }[]
  readonly parts: readonly DataPart[]
  /** Of the groups: how often each gives the next row. */
  readonly weights: readonly number[]
}

/** The source that a plan reads. */
export const sourceOf = (plan: RowPlan): SourcePlan => (plan.kind === 'source' ? plan : sourceOf(plan.of))
