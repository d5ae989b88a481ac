import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../../../disk.js'
import { writeWhole } from '../../../durable.js'
import { dataPackage, type DataPackage } from '../files/npm-package.js'
import { joinConcepts, type Concept } from './concepts.js'
import { readIcons, readNames, svg } from './icon-set.js'
import { loadSharp, rasterise } from './rasterise.js'
import { styles, type Style } from '../../../sources/emoji-styles.js'

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
  mkdirSync(art.cache, { recursive: true })
  writeWhole(file, JSON.stringify(joined))
  return joined
}

/** The pictures of one style, by concept: drawn when they are first asked for, kept in a file once all are. */
export class Drawings {
  private readonly bytes: Uint8Array
  private readonly drawn: Uint8Array
  private missing: number
  private readonly width: number
  private icons: ReturnType<typeof readIcons> | undefined
  /** Pictures are drawn for one request after the other, so that none is drawn twice. */
  private queue: Promise<void> = Promise.resolve()

  constructor(
    private readonly art: EmojiArt,
    private readonly all: readonly Concept[],
    private readonly style: Style,
    private readonly size: number,
    /** The concepts that will be asked for; when the last of them is drawn, so are the others. */
    private readonly needed: readonly number[],
  ) {
    this.width = 3 * size * size
    const kept = existsSync(this.file) ? readFileSync(this.file) : undefined
    const whole = kept?.length === all.length * this.width
    this.bytes = kept && whole ? kept : new Uint8Array(all.length * this.width)
    this.drawn = new Uint8Array(all.length).fill(whole ? 1 : 0)
    this.missing = whole ? 0 : all.length
  }

  /** Throws DataMissing where what draws the pictures is needed and not installed. */
  async check(): Promise<void> {
    if (this.missing > 0) await loadSharp()
  }

  private get file(): string {
    return join(this.art.cache, `${this.style.name}-${this.size}-${this.art.key}.bin`)
  }

  /** Draws the pictures of these concepts that are not there yet. */
  prepare(concepts: Iterable<number>): Promise<void> {
    const wanted = [...new Set(concepts)]
    this.queue = this.queue.then(() => this.draw(wanted.filter((k) => !this.drawn[k])))
    return this.queue
  }

  private async draw(wanted: readonly number[]): Promise<void> {
    if (wanted.length === 0) return
    const index = styles.indexOf(this.style)
    const set = this.art.packages[index]
    if (!set) throw new Error(`no package of style ${this.style.name}`)
    const icons = (this.icons ??= readIcons(set))
    const documents = wanted.map((k) => (pixels: number): string => {
      const { icons: names, name } = this.all[k] ?? { icons: [], name: '' }
      const document = svg(icons, names[index] ?? '', pixels)
      if (document === undefined) throw new Error(`${set.name} names ${name} but does not draw it`)
      return document
    })
    for (const [i, picture] of (await rasterise(documents, this.size)).entries()) {
      const concept = wanted[i] ?? 0
      this.bytes.set(picture, concept * this.width)
      this.drawn[concept] = 1
    }
    this.missing -= wanted.length
    if (this.missing === 0) this.keep()
    else if (this.needed.every((k) => this.drawn[k])) await this.draw(this.undrawn())
  }

  private keep(): void {
    mkdirSync(this.art.cache, { recursive: true })
    writeWhole(this.file, this.bytes)
  }

  private undrawn(): readonly number[] {
    return this.all.flatMap((_, k) => (this.drawn[k] ? [] : [k]))
  }

  /** [3, size, size] bytes; it must have been prepared. */
  picture(concept: number): Uint8Array {
    if (!this.drawn[concept]) throw new Error(`concept ${concept} of ${this.style.name} is not drawn`)
    return this.bytes.subarray(concept * this.width, (concept + 1) * this.width)
  }
}
