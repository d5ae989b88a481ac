import type { Json } from '../artefact/json.js'

/** What takes rows of other data declarations: `data train = part(all, 0%..80%)`. Its names hide sources. */
export interface RowOperation {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly {
    readonly name: string
    /** `rows` is a declaration, a source or another operation; `column` and `condition` speak of the columns of rows. */
    readonly kind: 'rows' | 'list of rows' | 'range' | 'column' | 'condition' | 'int' | 'numbers'
    readonly default?: Json
    readonly doc: string
  }[]
}

export const operations = [
  {
    name: 'part',
    doc: 'A part of the rows, the same in every run. Parts of the same rows that follow each other, as `0%..80%` and `80%..100%`, share no row, and together they are all.',
    parameters: [
      { name: 'data', kind: 'rows', doc: 'A declaration of data, or a source.' },
      { name: 'range', kind: 'range', doc: 'From which share of the rows to which: `0%..80%`.' },
      {
        name: 'by',
        kind: 'column',
        default: null,
        doc: 'A column of text or numbers: rows in which it is equal stand on one side, and stay there when others are added. Shares are then those of its values, roughly.',
      },
      { name: 'seed', kind: 'int', default: 0, doc: 'Another number gives another division.' },
    ],
  },
  {
    name: 'limit',
    doc: 'At most so many rows, spread evenly over all; of a stream, whose length nobody knows, the first ones. Of a weighted mix each part gives its share.',
    parameters: [
      { name: 'data', kind: 'rows', doc: 'A declaration of data, or a source.' },
      { name: 'count', kind: 'int', doc: 'The most rows, at least 1.' },
    ],
  },
  {
    name: 'where',
    doc: 'The rows for which a condition on their columns holds.',
    parameters: [
      { name: 'data', kind: 'rows', doc: 'A declaration of data, or a source.' },
      {
        name: 'condition',
        kind: 'condition',
        doc: 'Comparisons of columns, numbers and texts, joined by `and`, `or` and `not`: `digit < 5 and split == "train"`.',
      },
    ],
  },
  {
    name: 'pairs',
    doc: 'Each row with another one beside it, whose columns are `other_name` and so on: the same one in every run, and each once in the second place. For scenes of two pictures, or what is compared.',
    parameters: [
      { name: 'data', kind: 'rows', doc: 'A declaration of data, or a source whose rows have numbers.' },
      { name: 'seed', kind: 'int', default: 0, doc: 'Another number gives other pairs.' },
    ],
  },
  {
    name: 'mix',
    doc: 'Rows of several declarations, whose fields have the same names and types.',
    parameters: [
      { name: 'data', kind: 'list of rows', doc: 'Declarations of data, or sources.' },
      {
        name: 'weights',
        kind: 'numbers',
        default: null,
        doc: 'How often each gives the next row in training, relative to the others; each goes through its own rows in permutations. Without weights all rows are one set.',
      },
    ],
  },
] as const satisfies readonly RowOperation[]

const prefix = 'other_'

/** What `pairs` calls a column of the second row. */
export const otherColumn = (name: string): string => `${prefix}${name}`

/** The column that such a name speaks of; other names are their own. */
export const ownColumn = (name: string): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : name

export type OperationName = (typeof operations)[number]['name']

export const findOperation = (name: string): RowOperation | undefined =>
  operations.find((operation) => operation.name === name)
