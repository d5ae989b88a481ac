import { createHash } from 'node:crypto'
import { readSettings } from '../../settings.js'
import declared from '../../sources/emoji-art.js'
import { categories, styles, type Style } from '../../sources/emoji-styles.js'
import type { SourceOpener } from './dataset.js'
import type { Concept } from './emoji/concepts.js'

/** Pictures are drawn on white when first asked for, and kept in `.cache/emoji-art`. */
const emojiArt = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
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
} satisfies SourceOpener

const integer = (value: number): BigInt64Array => BigInt64Array.of(BigInt(value))

export default emojiArt
