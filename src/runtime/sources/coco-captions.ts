import { resolve } from 'node:path'
import { z } from 'zod'
import { readSettings } from '../../settings.js'
import declared from '../../sources/coco-captions.js'
import { DataInvalid, type SourceOpener } from './dataset.js'
import { captioned } from './files/captioned.js'
import { isInside } from './files/inside.js'
import { readJsonLists } from './files/json-lists.js'

const help =
  'http://images.cocodataset.org has annotations_trainval2017.zip and val2017.zip: unpack both, and name captions_val2017.json and the folder val2017'

const id = z.int().nonnegative()
const image = z.object({ id, file_name: z.string() })
const annotation = z.object({ image_id: id, caption: z.string() })

const cocoCaptions = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const file = resolve(root, read.string('annotations'))
    const folder = resolve(root, read.string('images'))
    const { names, captions } = contentOf(file)
    for (const name of names.values())
      if (!isInside(name)) throw new DataInvalid(`${file}: ${name} leads out of the folder`, help)
    const rows = captions.map(({ image_id: image, caption }) => {
      const name = names.get(image)
      if (name === undefined)
        throw new DataInvalid(`${file}: a caption is of image ${image}, which is not among its images`, help)
      return { name, image: BigInt(image), caption: caption.trim() }
    })
    return captioned(rows, { file, folder, settings, help })
  },
} satisfies SourceOpener

/** The names of pictures by their numbers, and the captions. */
function contentOf(file: string) {
  const names = new Map<number, string>()
  const captions: z.infer<typeof annotation>[] = []
  const checked = <T>(schema: z.ZodType<T>, value: unknown, place: string): T => {
    const { data, error } = schema.safeParse(value)
    if (data !== undefined) return data
    const [issue] = error?.issues ?? []
    const why = issue?.code === 'invalid_type' ? `is no ${issue.expected}` : 'is not as it should be'
    throw new DataInvalid(
      `${file} holds no captions: ${[place, ...(issue?.path ?? [])].join('.')} ${why}`,
      help,
    )
  }
  const there = readJsonLists(
    file,
    new Map([
      [
        'images',
        (value, index) => {
          const { id, file_name: name } = checked(image, value, `images.${index}`)
          names.set(id, name)
        },
      ],
      ['annotations', (value, index) => captions.push(checked(annotation, value, `annotations.${index}`))],
    ]),
    help,
  )
  const absent = ['images', 'annotations'].find((name) => !there.has(name))
  if (absent !== undefined) throw new DataInvalid(`${file} holds no captions: ${absent} is no array`, help)
  return { names, captions }
}

export default cocoCaptions
