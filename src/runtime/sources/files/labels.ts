import type { DeclaredColumn } from '../../../sources/column-type.js'
import { type ColumnValue, DataInvalid } from '../dataset.js'
import { unreadable } from '../sample-unreadable.js'
import { classNames } from './class-names.js'

/** The classes that a column of type `label` names, and their numbers. */
export class Labels {
  private readonly numbers: ReadonlyMap<string, number>

  constructor(readonly names: readonly string[]) {
    this.numbers = new Map(names.map((name, k) => [name, k]))
  }

  /** Those that occur, in the order of their names; numbers in their own. */
  static of(cells: Iterable<unknown>, where: string): Labels {
    const found = new Set<string>()
    for (const cell of cells) {
      const name = nameOf(cell)
      if (name !== undefined) found.add(name)
      if (found.size > mostClasses)
        throw new DataInvalid(
          `${where} has more than ${mostClasses} different values`,
          'a label is one of a number of classes; a text is `"text"`, a number `"i64[]"`',
        )
    }
    const whole = [...found].every((name) => /^-?\d{1,15}$/.test(name))
    return new Labels(
      whole ? [...found].toSorted((a, b) => Number(a) - Number(b)) : classNames(found, 0, where),
    )
  }

  /** Throws where a pipeline counts on another number; 0 is any. */
  counted(declared: number, where: string): this {
    const { length } = this.names
    if (declared === 0 || length === declared) return this
    throw new DataInvalid(
      `${where} has ${length} classes, not ${declared}`,
      `write \`classes = ${length}\`, and give the model as many`,
    )
  }

  value(cell: unknown, place: string): ColumnValue {
    const name = nameOf(cell)
    if (name === undefined)
      return unreadable(place, cell === undefined || cell === null ? 'it is empty' : 'it names no class')
    const number = this.numbers.get(name)
    return number === undefined
      ? unreadable(place, `${JSON.stringify(name)} is none of the names ${this.names.slice(0, 5).join(', ')}`)
      : BigInt64Array.of(BigInt(number))
  }
}

/** Names of classes by the columns that a pipeline declares, of those by the columns of a file. */
export const underOwnNames = (
  names: ReadonlyMap<string, readonly string[]>,
  columns: readonly DeclaredColumn[],
): ReadonlyMap<string, readonly string[]> =>
  new Map(
    columns.flatMap(({ name, inFile }) => {
      const own = names.get(inFile)
      return own ? [[name, own] as const] : []
    }),
  )

const mostClasses = 100_000

function nameOf(cell: unknown): string | undefined {
  if (cell instanceof Uint8Array) return new TextDecoder().decode(cell)
  const names = typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'bigint'
  return names || typeof cell === 'boolean' ? `${cell}` : undefined
}
