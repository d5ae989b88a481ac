import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readSettings } from '../../settings.js'
import declared from '../../sources/naturalbench-retrieval.js'
import { encoded } from '../pictures/picture.js'
import { DataInvalid, DataMissing, type Row, type SourceOpener } from './dataset.js'
import { fingerprintOf } from './files/fingerprint.js'
import { isInside } from './files/inside.js'
import { readText } from './files/read-text.js'

const help =
  'unpack NaturalBench-Retrieval.zip of https://huggingface.co/datasets/BaiqiL/naturalbench_pictures: metadata.json, a list of objects with index, image_0, image_1, caption_0, caption_1, and the pictures by these paths'

const metadata = z.array(
  z.object({
    index: z.union([z.int(), z.string().regex(/^\d{1,9}$/)]),
    image_0: z.string(),
    image_1: z.string(),
    caption_0: z.string(),
    caption_1: z.string(),
  }),
)

interface Captioned {
  readonly name: string
  readonly caption: string
  readonly pair: bigint
}

const naturalbenchRetrieval = {
  name: declared.name,
  async open(settings, root) {
    const folder = resolve(root, readSettings(settings, declared.parameters).string('folder'))
    const file = join(folder, 'metadata.json')
    const rows = parsed(readText(file, help), file).flatMap((one): readonly Captioned[] => {
      const pair = BigInt(one.index)
      return [
        { name: one.image_0, caption: one.caption_0, pair },
        { name: one.image_1, caption: one.caption_1, pair },
      ]
    })
    for (const { name } of rows) {
      if (!isInside(name)) throw new DataInvalid(`${file}: ${name} leads out of the folder`, help)
      if (!existsSync(join(folder, name))) throw new DataMissing(`${join(folder, name)} is missing`, help)
    }
    const textOf = ({ name, caption, pair }: Captioned): Row => ({
      name,
      caption,
      pair: BigInt64Array.of(pair),
    })
    return {
      length: rows.length,
      fingerprint: fingerprintOf(folder, ['metadata.json', ...rows.map(({ name }) => name)], {}),
      row(index) {
        const found = rows[index]
        if (!found) throw new RangeError(`no row ${index}`)
        return { image: encoded(join(folder, found.name), found.name), ...textOf(found) }
      },
      columns: async () => rows.map(textOf),
    }
  },
} satisfies SourceOpener

function parsed(text: string, file: string): z.infer<typeof metadata> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new DataInvalid(`${file} is no JSON`, help)
  }
  const { data, error } = metadata.safeParse(value)
  if (data) return data
  throw new DataInvalid(
    `${file} is no list of pairs: ${error.issues[0]?.path.join('.') ?? 'it'} is not as it should be`,
    help,
  )
}

export default naturalbenchRetrieval
