import { createHash } from 'node:crypto'
import { categories, styles, type Style } from './emoji/styles.js'
import type { Concept } from './emoji/concepts.js'
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
 * correspond to rows of another: row i of style a and row i of style b show the same thing. Drawn on white
 * when first asked for, and kept in `.cache/emoji-art`.
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
    const { Drawings, concepts, openArt } = await import('./emoji/art.js')
    const art = openArt(root)
    const all = concepts(art)
    const kept = all.flatMap((concept, index) =>
      excluded.has(concept.category) ? [] : [{ ...concept, index }],
    )
    const present = categories.filter((category) => kept.some((concept) => concept.category === category))
    const needed = kept.map(({ index }) => index)
    const drawings = chosen.map((style) => new Drawings(art, all, style, size, needed))
    for (const style of drawings) await style.check()
    const place = (row: number): readonly [number, Concept & { readonly index: number }] => {
      const concept = kept[row % kept.length]
      if (!concept || row >= kept.length * chosen.length) throw new RangeError(`no row ${row}`)
      return [Math.floor(row / kept.length), concept]
    }

    const bytes = 3 * size * size
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([art.key, size, chosen, kept]))
      .digest('hex')
    return {
      length: kept.length * chosen.length,
      fingerprint,
      async prepare(rows) {
        const places = rows.map(place)
        for (const [k, style] of drawings.entries())
          await style.prepare(places.flatMap(([at, concept]) => (at === k ? [concept.index] : [])))
      },
      row(index) {
        const [at, concept] = place(index)
        const [style, drawing] = [chosen[at], drawings[at]]
        if (!style || !drawing) throw new RangeError(`no row ${index}`)
        const picture = drawing.picture(concept.index)
        const image = new Float32Array(bytes)
        for (let i = 0; i < bytes; i++) image[i] = (picture[i] ?? 0) / 255
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
