import { resolve } from 'node:path'
import { z } from 'zod'
import { readSettings } from '../../settings.js'
import declared from '../../sources/coco-captions.js'
import { DataInvalid, type SourceOpener } from './dataset.js'
import { captioned } from './files/captioned.js'
import { isInside } from './files/inside.js'
import { readText } from './files/read-text.js'

const help =
  'http://images.cocodataset.org has annotations_trainval2017.zip and val2017.zip: unpack both, and name captions_val2017.json and the folder val2017'

const id = z.int().nonnegative()
const annotations = z.object({
  images: z.array(z.object({ id, file_name: z.string() })),
  annotations: z.array(z.object({ image_id: id, caption: z.string() })),
})

const cocoCaptions = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const file = resolve(root, read.string('annotations'))
    const folder = resolve(root, read.string('images'))
    const { images, annotations: captions } = parsed(readText(file, help), file)
    const names = new Map(images.map((image) => [image.id, image.file_name]))
    const outside = images.find((image) => !isInside(image.file_name))
    if (outside) throw new DataInvalid(`${file}: ${outside.file_name} leads out of the folder`, help)
    const rows = captions.map(({ image_id: image, caption }) => {
      const name = names.get(image)
      if (name === undefined)
        throw new DataInvalid(`${file}: a caption is of image ${image}, which is not among its images`, help)
      return { name, image: BigInt(image), caption: caption.trim() }
    })
    return captioned(rows, { file, folder, settings, help })
  },
} satisfies SourceOpener

function parsed(text: string, file: string): z.infer<typeof annotations> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new DataInvalid(`${file} is no JSON`, help)
  }
  const { data, error } = annotations.safeParse(value)
  if (data) return data
  const [issue] = error.issues
  const place = issue?.path.join('.') ?? ''
  const why = issue?.code === 'invalid_type' ? `is no ${issue.expected}` : 'is not as it should be'
  throw new DataInvalid(`${file} holds no captions: ${place === '' ? 'it' : place} ${why}`, help)
}

export default cocoCaptions
