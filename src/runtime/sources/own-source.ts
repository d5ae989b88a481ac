import { createHash } from 'node:crypto'
import { basename, dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { readFileSync } from '../../disk.js'
import { canonical } from '../../json/canonical.js'
import { readSettings } from '../../settings.js'
import { columnsIn } from '../../sources/column-type.js'
import declared from '../../sources/own-source.js'
import { encoded } from '../pictures/picture.js'
import { type ColumnValue, DataInvalid, DataMissing, type Row, type SourceOpener } from './dataset.js'
import { cellOf } from './files/cell.js'
import { Labels, underOwnNames } from './files/labels.js'
import { unreadable } from './sample-unreadable.js'

const help =
  'a module whose default export is `{ open({ options, root }) { return { length, fingerprint, row(index) } } }`'

const isFunction = z.custom<(...args: readonly unknown[]) => unknown>((value) => typeof value === 'function')
const moduleShape = z.object({ default: z.object({ open: isFunction }) })
const rowsShape = z.object({
  length: z.int().nonnegative(),
  fingerprint: z.string(),
  names: z.record(z.string(), z.array(z.string())).default({}),
})
const pixelsShape = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  data: z.instanceof(Uint8Array),
})

/** The text of the module is part of the identity of its rows. */
const ownSource = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const file = resolve(root, read.string('module'))
    const hash = createHash('sha256').update(textOf(file)).digest('hex')
    const columns = columnsIn(settings['columns'])
    const fail = (what: string, error: unknown): never => {
      throw new DataInvalid(
        `${file}: ${what}: ${error instanceof Error ? error.message : String(error)}`,
        help,
      )
    }
    // Under its hash, so that a changed module is not taken for one that was loaded before.
    const loaded: unknown = await import(`${pathToFileURL(file).href}?${hash}`).catch((error: unknown) =>
      fail('it does not load', error),
    )
    const module = moduleShape.safeParse(loaded)
    if (!module.success) throw new DataInvalid(`${file} has no function \`open\` in its default export`, help)
    const source = module.data.default
    const opened = await call(source, source.open, [{ options: read.json('options'), root }]).catch(
      (error: unknown) => fail('`open` failed', error),
    )
    const rows = rowsShape.safeParse(opened)
    const row = z.object({ row: isFunction }).safeParse(opened)
    if (!rows.success || !row.success)
      throw new DataInvalid(`${file}: \`open\` gave no length, fingerprint and \`row\``, help)
    const { length, fingerprint, names } = rows.data
    const labels = new Map(
      columns.flatMap(({ name, inFile, isLabel }) => {
        if (!isLabel) return []
        const own = names[inFile]
        if (own) return [[name, new Labels(own)] as const]
        throw new DataInvalid(`${file}: \`names\` does not name the classes of \`${inFile}\``, help)
      }),
    )
    return {
      length,
      fingerprint: createHash('sha256')
        .update(canonical([hash, fingerprint, settings]))
        .digest('hex'),
      names: underOwnNames(new Map(Object.entries(names)), columns),
      async row(index): Promise<Row> {
        const place = `${basename(file)}, row ${index}`
        let values: unknown
        try {
          values = await call(opened, row.data.row, [index])
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          return Object.fromEntries(columns.map(({ name }) => [name, unreadable(place, why)]))
        }
        const given = new Map<string, unknown>(
          typeof values === 'object' && values !== null ? Object.entries(values) : [],
        )
        return Object.fromEntries(
          columns.map(({ name, inFile, type }) => {
            const [cell, where] = [given.get(inFile), `${place}, ${inFile}`]
            const picture = (value: unknown): ColumnValue => pictureOf(value, dirname(file), where)
            return [name, labels.get(name)?.value(cell, where) ?? cellOf(cell, type, where, picture)]
          }),
        )
      },
    }
  },
} satisfies SourceOpener

const call = async (
  of: unknown,
  f: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
): Promise<unknown> => Reflect.apply(f, of, args)

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new DataMissing(`the module ${file} is missing`, help)
  }
}

/** A path from the module, the bytes of a file, or pixels in red, green and blue. */
function pictureOf(value: unknown, folder: string, place: string): ColumnValue {
  if (typeof value === 'string') return encoded(resolve(folder, value), value)
  if (value instanceof Uint8Array) return encoded(value, place)
  const pixels = pixelsShape.safeParse(value)
  if (!pixels.success) return unreadable(place, 'it is no picture')
  const { width, height, data } = pixels.data
  if (data.length !== width * height * 3)
    return unreadable(place, `${data.length} bytes for ${width} x ${height} pixels`)
  return { kind: 'pixels', width, height, channels: 3, data }
}

export default ownSource
