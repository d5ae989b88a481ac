import { createHash } from 'node:crypto'
import { categories, styles, type Style } from './emoji/styles.js'
import { readSettings } from '../settings.js'
import type { DataSource, SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'styles',
    kind: 'strings',
    default: ['noto', 'twemoji'],
    choices: styles.map((style) => style.name),
    doc: 'The fonts whose drawings are rows, one after the other.',
  },
  { name: 'size', kind: 'int', default: 32, min: 1, doc: 'Height and width in pixels.' },
  {
    name: 'exclude',
    kind: 'strings',
    default: ['Flags', 'Component'],
    choices: categories,
    doc: 'Categories to leave out.',
  },
]

/**
 * Emoji drawn by up to three independent fonts. The concepts are those that all three draw, so rows of one style
 * correspond to rows of another: row i of style a and row i of style b show the same thing. Drawn once on white,
 * then kept in `.cache/emoji-art`.
 */
const emojiArt: DataSource = {
  name: 'emoji_art',
  doc: 'Emoji art in up to three styles with names and categories, from the npm packages of Iconify.',
  parameters,
  columns(settings) {
    const size = readSettings(settings, parameters).number('size')
    const integer = { kind: 'tensor', dtype: 'i64', shape: [] } as const
    return {
      image: { kind: 'tensor', dtype: 'f32', shape: [3, size, size] },
      name: { kind: 'string' },
      category: integer,
      concept: integer,
      style: integer,
    }
  },
  async open(settings, root) {
    const read = readSettings(settings, parameters)
    const size = read.number('size')
    const excluded = new Set(read.strings('exclude'))
    const chosen = read
      .strings('styles')
      .flatMap((name): Style[] => styles.filter((style) => style.name === name))

    // Loaded here: what only checks a pipeline opens no data.
    const { concepts, drawings, openArt } = await import('./emoji/art.js')
    const art = openArt(root)
    const all = concepts(art)
    const kept = all.flatMap((concept, index) =>
      excluded.has(concept.category) ? [] : [{ ...concept, index }],
    )
    const present = categories.filter((category) => kept.some((concept) => concept.category === category))
    const pictures: Uint8Array[] = []
    for (const style of chosen) pictures.push(await drawings(art, all, style, size))

    const bytes = 3 * size * size
    const hash = createHash('sha256').update(JSON.stringify([size, chosen, kept]))
    for (const style of pictures) hash.update(style)
    return {
      length: kept.length * chosen.length,
      fingerprint: hash.digest('hex'),
      row(index) {
        const style = chosen[Math.floor(index / kept.length)]
        const picture = pictures[Math.floor(index / kept.length)]
        const concept = kept[index % kept.length]
        if (!style || !picture || !concept) throw new RangeError(`no row ${index}`)
        const image = new Float32Array(bytes)
        for (let i = 0; i < bytes; i++) image[i] = (picture[concept.index * bytes + i] ?? 0) / 255
        return {
          image,
          name: concept.name,
          category: integer(present.findIndex((category) => category === concept.category)),
          concept: integer(index % kept.length),
          style: integer(styles.indexOf(style)),
        }
      },
    }
  },
}

const integer = (value: number): BigInt64Array => BigInt64Array.of(BigInt(value))

export default emojiArt
