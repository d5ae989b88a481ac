import { statSync } from 'node:fs'
import { basename } from 'node:path'
import type { AsyncBuffer, FileMetaData, SchemaTree } from 'hyparquet'
import { z } from 'zod'
import { readSettings } from '../../settings.js'
import { type DeclaredColumn, columnsIn } from '../../sources/column-type.js'
import declared from '../../sources/parquet.js'
import type { ColumnType } from '../../sources/source.js'
import { encoded } from '../pictures/picture.js'
import { type ColumnValue, DataInvalid, type Row, type SourceOpener } from './dataset.js'
import { filesThere } from './files/braces.js'
import { byName } from './files/by-name.js'
import { cellOf } from './files/cell.js'
import { fingerprintOf } from './files/fingerprint.js'
import { Kept } from './files/kept.js'
import { Labels, underOwnNames } from './files/labels.js'
import { unreadable } from './sample-unreadable.js'

const help =
  'parquet files such as those of a Hugging Face data set: `hf download ORG/NAME --repo-type dataset --local-dir data`'

/** Bytes of decoded row groups that are kept: rows are asked for in a shuffled order. */
const kept = 512 * 1024 * 1024

/** Rows that lie together in a file and are decoded together. */
interface Group {
  readonly file: string
  readonly place: number
  readonly buffer: AsyncBuffer
  readonly metadata: FileMetaData
  /** Its rows, within its file and among all. */
  readonly from: number
  readonly first: number
  readonly count: number
  readonly bytes: number
}

type Cells = Readonly<Record<string, unknown>>

const parquet = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const pattern = read.string('files')
    const files = filesThere(pattern, root, '.parquet', help)
    const columns = columnsIn(settings['columns'])
    const groups: Group[] = []
    for (const file of files) groups.push(...(await groupsOf(file, columns, groups.at(-1))))
    const length = groups.reduce((sum, { count }) => sum + count, 0)
    const cache = new Kept<number, readonly Cells[]>(kept)
    const cellsOf = async (index: number, names: readonly string[], keep: boolean): Promise<Cells> => {
      const at = groups.findLastIndex(({ first }) => first <= index)
      const group = groups[at]
      if (!group || index >= length) throw new RangeError(`no row ${index}`)
      const rows = keep
        ? await cache.get(at, group.bytes, () => decoded(group, names))
        : await decoded(group, names)
      return rows[index - group.first] ?? {}
    }
    const published = publishedNames(groups[0]?.metadata)
    const labels = new Map<string, Labels>()
    for (const { name, inFile, isLabel } of columns) {
      if (!isLabel) continue
      const where = `column \`${inFile}\` of ${pattern}`
      const names = read.strings('names')
      const known = published.get(inFile)
      // What is published with names is numbered already.
      if (known) new Labels(known).counted(read.number('classes'), where)
      else {
        const found = names.length > 0 ? new Labels(names) : Labels.of(await cellsIn(groups, inFile), where)
        labels.set(name, found.counted(read.number('classes'), where))
      }
    }
    const rowOf = (index: number, cells: Cells, wanted: typeof columns): Row =>
      Object.fromEntries(
        wanted.map(({ name, inFile, type }) => {
          const [cell, place] = [cells[inFile], `row ${index + 1}, ${inFile}`]
          return [name, labels.get(name)?.value(cell, place) ?? valueOf(cell, type, place)]
        }),
      )
    const namesOf = (some: typeof columns): readonly string[] => some.map(({ inFile }) => inFile)
    return {
      length,
      fingerprint: fingerprintOf('', files, settings),
      names: new Map([
        ...underOwnNames(published, columns),
        ...[...labels].map(([name, { names }]) => [name, names] as const),
      ]),
      row: async (index) => rowOf(index, await cellsOf(index, namesOf(columns), true), columns),
      async columns(wanted) {
        const rows: Row[] = []
        const some = columns.filter(({ name }) => wanted.includes(name))
        for (const group of groups)
          for (const cells of await decoded(group, namesOf(some))) rows.push(rowOf(rows.length, cells, some))
        return rows
      },
    }
  },
} satisfies SourceOpener

async function groupsOf(
  file: string,
  columns: readonly DeclaredColumn[],
  before: Group | undefined,
): Promise<readonly Group[]> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import('hyparquet')
  try {
    const buffer = await asyncBufferFromFile(file)
    const metadata = await parquetMetadataAsync(buffer)
    const schema = parquetSchema(metadata)
    const names = schema.children.map(({ element }) => element.name)
    const absent = columns.find(({ inFile }) => !names.includes(inFile))
    if (absent)
      throw new DataInvalid(`${file} has no column \`${absent.inFile}\``, `it has ${names.join(', ')}`)
    const leaves = leavesOf(schema)
    let from = 0
    let first = before ? before.first + before.count : 0
    return metadata.row_groups.map((group, place): Group => {
      const count = Number(group.num_rows)
      const found = {
        file,
        place,
        buffer,
        metadata,
        from,
        first,
        count,
        bytes: Number(group.total_byte_size),
      }
      // A column that the schema does not name once would be read by nobody, and fail on its own.
      const there = group.columns.map(({ meta_data: about }) => about?.path_in_schema.join('.') ?? '')
      if (there.toSorted(byName).join('\n') !== leaves.toSorted(byName).join('\n'))
        throw new Error(`the columns of row group ${place + 1} are not those of the schema`)
      if (!Number.isSafeInteger(count) || count < 0 || found.bytes > largest(file))
        throw new Error(`row group ${place + 1} claims ${count} rows in ${found.bytes} bytes`)
      from += count
      first += count
      return found
    })
  } catch (error) {
    throw damaged(file, error)
  }
}

/** The paths of columns that hold values. */
const leavesOf = ({ children, path }: SchemaTree): readonly string[] =>
  children.length === 0 ? [path.join('.')] : children.flatMap(leavesOf)

/** What a row group may take once it is unpacked, as its file claims. */
const largest = (file: string): number => Math.min(4 * 2 ** 30, statSync(file).size * 1024)

async function decoded(group: Group, columns: readonly string[]): Promise<readonly Cells[]> {
  const { parquetReadObjects } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const { buffer, metadata, from, count, file } = group
  try {
    // Text is decoded here: by default the bytes of pictures would be.
    const options = { file: buffer, metadata, columns: [...columns], compressors, utf8: false }
    return await parquetReadObjects({ ...options, rowStart: from, rowEnd: from + count })
  } catch (error) {
    throw damaged(file, error)
  }
}

async function cellsIn(groups: readonly Group[], name: string): Promise<readonly unknown[]> {
  const cells: unknown[] = []
  for (const group of groups) for (const row of await decoded(group, [name])) cells.push(row[name])
  return cells
}

const described = z.object({
  info: z.object({
    features: z.record(z.string(), z.object({ names: z.array(z.string()).optional() }).catch({})),
  }),
})

/** The names of classes that Hugging Face's datasets write beside the columns that number them. */
function publishedNames(metadata: FileMetaData | undefined): ReadonlyMap<string, readonly string[]> {
  const text = metadata?.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value
  const { data } = described.safeParse(text === undefined ? undefined : parsedJson(text))
  return new Map(
    Object.entries(data?.info.features ?? {}).flatMap(([name, { names }]) => (names ? [[name, names]] : [])),
  )
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function damaged(file: string, error: unknown): Error {
  if (error instanceof DataInvalid) return error
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''
  // What its reader stumbles over in its own terms says nothing to a user.
  const own = error instanceof TypeError || error instanceof RangeError || /undefined|NaN/.test(message)
  const why = own ? 'its parts do not fit together' : message
  return new DataInvalid(`${file} is damaged or no parquet file: ${why}`, 'download the file again')
}

function valueOf(value: unknown, type: ColumnType, place: string): ColumnValue {
  const text = value instanceof Uint8Array && type.kind === 'string' ? new TextDecoder().decode(value) : value
  return cellOf(text, type, place, (cell) => pictureOf(cell, place))
}

/** A struct of bytes and path, or bytes. */
function pictureOf(cell: unknown, place: string): ColumnValue {
  if (cell instanceof Uint8Array) return encoded(cell, place)
  if (typeof cell !== 'object' || cell === null) return unreadable(place, 'it is no picture')
  const { bytes, path } = cell as { readonly bytes?: unknown; readonly path?: unknown }
  const name = path instanceof Uint8Array ? `${place} (${basename(new TextDecoder().decode(path))})` : place
  return bytes instanceof Uint8Array
    ? encoded(bytes, name)
    : unreadable(name, 'its bytes are not in the file')
}

export default parquet
