import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { readSettings } from '../../settings.js'
import declared, { isPictureSuffix, memberColumn } from '../../sources/webdataset.js'
import { encoded } from '../pictures/picture.js'
import { type ColumnValue, DataInvalid, type Row, type SourceOpener, type StreamRow } from './dataset.js'
import { filesThere } from './files/braces.js'
import { fingerprintOf } from './files/fingerprint.js'
import { TarDamaged, type TarMember, contentOf, membersOf, opened } from './files/tar.js'
import { unreadable } from './sample-unreadable.js'

const help =
  'img2dataset writes such archives: `img2dataset --url_list cc3m.tsv --output_format webdataset --output_folder cc3m`'

/** Members of one key that follow each other, by suffix. */
interface Sample {
  readonly key: string
  readonly at: number
  next: number
  readonly members: Map<string, TarMember>
}

const webdataset = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const pattern = read.string('shards')
    const shards = filesThere(pattern, root, '.tar', help)
    const packed = shards.find((shard) => /\.t?gz$/.test(shard))
    if (packed !== undefined)
      throw new DataInvalid(`${packed} is compressed, and cannot be read from its middle`, `gunzip ${packed}`)
    const further = read.strings('members')
    return {
      fingerprint: fingerprintOf('', shards, { further }),
      shards: shards.length,
      shuffle: read.number('shuffle'),
      async *read(shard, from, columns) {
        const path = shards[shard]
        if (path === undefined) throw new RangeError(`no shard ${shard}`)
        const wants = (name: string): boolean => columns?.includes(name) ?? true
        try {
          yield* opened(path, (file, size) => rowsOf({ file, size, path, further, wants }, from))
        } catch (error) {
          if (error instanceof TarDamaged)
            throw new DataInvalid(`${path} is damaged: ${error.message}`, 'download the archive again')
          throw error
        }
      },
    }
  },
} satisfies SourceOpener

interface Archive {
  readonly file: FileHandle
  readonly size: number
  readonly path: string
  readonly further: readonly string[]
  readonly wants: (column: string) => boolean
}

async function* rowsOf(archive: Archive, from: number): AsyncGenerator<StreamRow> {
  let sample: Sample | undefined
  const rowOf = async (s: Sample): Promise<StreamRow> => ({
    row: await row(archive, s),
    at: s.at,
    next: s.next,
  })
  for await (const member of membersOf(archive.file, archive.size, from)) {
    const [, key, suffix] = /^((?:.*\/|)[^.]+)[.]([^/]*)$/.exec(member.name) ?? []
    if (key === undefined || suffix === undefined || /(?:^|\/)__[^/]*__$/.test(member.name)) continue
    if (sample && sample.key !== key) {
      yield await rowOf(sample)
      sample = undefined
    }
    sample ??= { key, at: member.at, next: member.next, members: new Map() }
    // The first of two members of one name counts.
    const name = suffix.toLowerCase()
    if (!sample.members.has(name)) sample.members.set(name, member)
    sample.next = member.next
  }
  if (sample) yield await rowOf(sample)
}

async function row({ file, path, further, wants }: Archive, { key, members }: Sample): Promise<Row> {
  const place = `${basename(path)}: ${key}`
  const missing = (what: string): ColumnValue => unreadable(place, `it has no ${what}`)
  const value = async (suffix: string | undefined, what: string): Promise<ColumnValue> => {
    const member = suffix === undefined ? undefined : members.get(suffix)
    if (suffix === undefined || !member) return missing(what)
    const content = await contentOf(file, member)
    return isPictureSuffix(suffix)
      ? encoded(content, `${basename(path)}: ${member.name}`)
      : content.toString('utf8').trim()
  }
  const found = new Map<string, ColumnValue>([['key', key]])
  if (wants('image')) {
    const suffix = [...members.keys()].find((s) => isPictureSuffix(s) && !further.includes(s))
    found.set('image', await value(suffix, 'picture'))
  }
  if (wants('caption')) found.set('caption', await value('txt', 'member .txt'))
  if (wants('label')) {
    const text = await value('cls', 'member .cls')
    const number = typeof text === 'string' && /^\d{1,9}$/.test(text)
    found.set('label', number ? BigInt64Array.of(BigInt(text)) : missing('number in a member .cls'))
  }
  for (const suffix of further)
    if (wants(memberColumn(suffix)))
      found.set(memberColumn(suffix), await value(suffix.toLowerCase(), `member .${suffix}`))
  return Object.fromEntries(found)
}

export default webdataset
