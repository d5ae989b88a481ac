import type { FieldLimit } from '../artefact/roles.js'
import type { TensorValue } from './sources/dataset.js'

/** An entry of a data set by which a graph cannot read. */
export interface OutsideFacts {
  readonly data: string
  readonly field: string
  /** Its name in the data set. */
  readonly row: string
  readonly value: number
  readonly limit: FieldLimit
}

export class EntryOutside extends Error {
  constructor(readonly facts: OutsideFacts) {
    super(`${facts.data}.${facts.field} of row ${facts.row} is ${facts.value}`)
  }
}

/** Throws EntryOutside at the first entry of a row that lies where the graph cannot read. */
export function checkEntries(
  values: TensorValue,
  limits: readonly FieldLimit[],
  at: Pick<OutsideFacts, 'data' | 'field' | 'row'>,
): void {
  for (const limit of limits) {
    for (let k = 0; k < values.length; k++) {
      const value = Number(values[k])
      if (value >= limit.low && value < limit.below) continue
      if (!limit.except.includes(value)) throw new EntryOutside({ ...at, value, limit })
    }
  }
}
