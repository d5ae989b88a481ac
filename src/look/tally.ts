import type { Colour } from '../colour.js'
import type { Pixels } from '../runtime/pictures/picture.js'
import type { TensorValue } from '../runtime/sources/dataset.js'
import { type ClassCount, balanceOf } from './balance.js'
import { type Borders, borderOf, countBorders } from './borders.js'
import { duplicatesOf, hashOf } from './duplicates.js'
import { type SampleText, sampleText } from './sample-text.js'
import { type Spread, spreadOf } from './spread.js'
import { type Stored, isPixels } from './stored.js'
import type { Subject } from './subject.js'
import { isPictureField, tileOf } from './tile.js'

/** What the rows of a declaration that could be read are like. */
export interface Tallied {
  readonly classes: readonly { readonly field: string; readonly counts: readonly ClassCount[] }[]
  /** Of the columns that are pictures, as they are stored. */
  readonly pictures: readonly {
    readonly column: string
    readonly width: Spread
    readonly height: Spread
    readonly borders: Borders
  }[]
  /** The names of rows that are equal. */
  readonly duplicates: readonly (readonly string[])[]
  /** The first samples as text. */
  readonly samples: readonly SampleText[]
  /** Pictures of the first samples, as many a sample as it has fields that are pictures. */
  readonly tiles: readonly Pixels[]
}

/** A row: what is stored, and its fields after transforms. */
export interface SeenRow {
  readonly name: string
  readonly columns: ReadonlyMap<string, Stored>
  readonly fields: readonly TensorValue[]
}

/** Samples that are shown as text. */
const shown = 8

/** Counts row by row, and keeps no more of them than it shows. */
export class Tally {
  private readonly hashes: { readonly name: string; readonly hash: string }[] = []
  private readonly values = new Map<string, number[]>()
  private readonly stored = new Map<string, { width: number; height: number; border: Colour | undefined }[]>()
  private readonly samples: SampleText[] = []
  private readonly tiles: Pixels[] = []

  constructor(
    private readonly subject: Subject,
    private readonly namesOf: (field: string) => readonly string[] | undefined,
    private readonly mostTiles: number,
  ) {}

  note(row: SeenRow): void {
    this.hashes.push({
      name: row.name,
      hash: hashOf(this.subject.columns.map((c) => row.columns.get(c) ?? '')),
    })
    for (const [column, value] of row.columns)
      if (isPixels(value)) {
        const { width, height } = value
        push(this.stored, column, { width, height, border: borderOf(value) })
      }
    const { fields } = this.subject.spec
    const pictures: Pixels[] = []
    for (const [k, field] of fields.entries()) {
      const value = row.fields[k]
      if (!value) continue
      if (isPictureField(field)) pictures.push(tileOf(value, field))
      else if (field.shape.length === 0 && field.dtype !== 'f32')
        push(this.values, field.name, Number(value[0]))
    }
    if (this.tiles.length + pictures.length <= this.mostTiles) this.tiles.push(...pictures)
    if (this.samples.length < shown) this.samples.push(sampleText(this.subject, row, this.namesOf))
  }

  get result(): Tallied {
    return {
      classes: [...this.values].map(([field, values]) => ({
        field,
        counts: balanceOf(values, this.namesOf(field)),
      })),
      pictures: [...this.stored].flatMap(([column, pictures]) => {
        const width = spreadOf(pictures.map((p) => p.width))
        const height = spreadOf(pictures.map((p) => p.height))
        const borders = countBorders(pictures.map((p) => p.border))
        return width && height ? [{ column, width, height, borders }] : []
      }),
      duplicates: duplicatesOf(this.hashes),
      samples: this.samples,
      tiles: this.tiles,
    }
  }
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}
