import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { dataPackage, type DataPackage } from '../files/npm-package.js'
import { writeAtomic } from '../files/write-atomic.js'
import { joinConcepts, type Concept } from './concepts.js'
import { readIcons, readNames, svg } from './icon-set.js'
import { rasterise } from './rasterise.js'
import { styles, type Style } from './styles.js'

/** Counts up when this folder draws differently, so that old caches are not taken for new. */
const drawing = 1

const conceptsFile = z.array(
  z.object({ points: z.string(), name: z.string(), category: z.string(), icons: z.array(z.string()) }),
)

/** The installed emoji fonts and the folder where their drawings are kept. */
export interface EmojiArt {
  readonly packages: readonly DataPackage[]
  readonly cache: string
  readonly key: string
}

/** Throws DataMissing when one of the packages is not installed. All are needed: they define the common concepts. */
export function openArt(root: string): EmojiArt {
  const packages = styles.map((style) => dataPackage(style.package, root))
  const key = createHash('sha256')
    .update(JSON.stringify([drawing, packages.map(({ name, version }) => [name, version])]))
    .digest('hex')
    .slice(0, 12)
  return { packages, cache: join(root, '.cache', 'emoji-art'), key }
}

/** The concepts of all styles, from the cache when they were joined before. */
export function concepts(art: EmojiArt): readonly Concept[] {
  const file = join(art.cache, `concepts-${art.key}.json`)
  if (existsSync(file)) return conceptsFile.parse(JSON.parse(readFileSync(file, 'utf8')))
  const joined = joinConcepts(art.packages.map(readNames))
  writeAtomic(file, JSON.stringify(joined))
  return joined
}

/** The pictures of one style in the order of `concepts`, [concepts, 3, size, size] bytes; drawn once, then cached. */
export async function drawings(
  art: EmojiArt,
  all: readonly Concept[],
  style: Style,
  size: number,
): Promise<Uint8Array> {
  const file = join(art.cache, `${style.name}-${size}-${art.key}.bin`)
  const bytes = all.length * 3 * size * size
  if (existsSync(file)) {
    const kept = readFileSync(file)
    if (kept.length === bytes) return kept
  }
  const index = styles.indexOf(style)
  const set = art.packages[index]
  if (!set) throw new Error(`no package of style ${style.name}`)
  const icons = readIcons(set)
  const drawn = await rasterise(
    all.map((concept) => (pixels: number): string => {
      const document = svg(icons, concept.icons[index] ?? '', pixels)
      if (document === undefined) throw new Error(`${set.name} names ${concept.name} but does not draw it`)
      return document
    }),
    size,
  )
  writeAtomic(file, drawn)
  return drawn
}
