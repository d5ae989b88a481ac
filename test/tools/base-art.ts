/**
 * Draws what the CLIP of the quickstart learns from:
 *
 *   npm install --prefix FOLDER <the packages below>
 *   npm run base:art -- FOLDER
 *
 * The pictures of the concepts of `emoji_art` in its two styles of training and in those of further fonts that name
 * them alike; the style `fluent` is none of them. The ten digits are drawn by sets of signs as well. They come to lie
 * in FOLDER/pictures, and FOLDER/pictures.csv lists them with name, concept (its number in `emoji_art`) and font.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { writeWhole } from '../../src/durable.js'
import { concepts, openArt } from '../../src/runtime/sources/emoji/art.js'
import { readIcons, svg, type IconFile } from '../../src/runtime/sources/emoji/icon-set.js'
import { rasterise } from '../../src/runtime/sources/emoji/rasterise.js'
import { dataPackage } from '../../src/runtime/sources/files/npm-package.js'
import { repository } from '../evidence/project.js'

/** Left out as `emoji_art` does by default, so that concepts have the same numbers. */
const excluded = ['Flags', 'Component']
const size = 32
const own = ['noto', 'twemoji'] as const
/** Their licences, in this order: Apache 2.0, CC BY 4.0, CC BY-SA 4.0, CC BY 4.0, CC BY-SA 4.0, Apache 2.0. */
const further = ['noto-v1', 'emojione', 'emojione-v1', 'emojione-monotone', 'openmoji', 'fxemoji'] as const

/** Sets of signs and their names of a digit, where # is its numeral and @ its word. MIT; MIT; Apache 2.0 twice; CC BY 4.0; MIT. */
const signs: readonly (readonly [set: string, names: readonly string[]])[] = [
  [
    'ph',
    ['', '-bold', '-duotone', '-fill', '-light', '-thin'].flatMap((weight) => [
      `number-@${weight}`,
      `number-square-@${weight}`,
    ]),
  ],
  [
    'tabler',
    [
      'number-#',
      'number-#-small',
      'circle-number-#',
      'circle-number-#-filled',
      'square-number-#',
      'square-number-#-filled',
      'hexagon-number-#',
      'hexagon-number-#-filled',
      'circle-dashed-number-#',
    ],
  ],
  [
    'mdi',
    ['numeric-#', 'numeric-#-box', 'numeric-#-box-outline', 'numeric-#-circle', 'numeric-#-circle-outline'],
  ],
  ['carbon', ['number-#', 'number-small-#']],
  ['fa6-solid', ['#']],
  ['bi', ['#-circle', '#-circle-fill', '#-square', '#-square-fill']],
]
const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const

const [, , given] = process.argv
if (given === undefined) {
  process.stderr.write('usage: npm run base:art -- FOLDER\n')
  process.exit(1)
}
const folder = resolve(given)

/** `Woman: red hair` and `woman-red-hair` are one name. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

/** What a font has, by its plain name. */
function namesOf(set: IconFile): ReadonlyMap<string, string> {
  return new Map([...Object.keys(set.aliases), ...Object.keys(set.icons)].map((name) => [plain(name), name]))
}

interface Drawing {
  readonly font: string
  readonly concept: number
  readonly name: string
  readonly document: (pixels: number) => string
}

const art = openArt(repository)
const all = concepts(art).filter(({ category }) => !excluded.includes(category))
const drawings: Drawing[] = []
const add = (font: string, set: IconFile, concept: number, icon: string | undefined): void => {
  if (concept < 0 || icon === undefined || svg(set, icon, size) === undefined) return
  const name = all[concept]?.name ?? ''
  drawings.push({ font, concept, name, document: (pixels) => svg(set, icon, pixels) ?? '' })
}
for (const [k, font] of own.entries()) {
  const set = readIcons(dataPackage(`@iconify-json/${font}`, repository))
  for (const [concept, { icons }] of all.entries()) add(font, set, concept, icons[k])
}
for (const font of further) {
  const set = readIcons(dataPackage(`@iconify-json/${font}`, folder))
  const names = namesOf(set)
  for (const [concept, { name }] of all.entries()) add(font, set, concept, names.get(plain(name)))
}
for (const [font, patterns] of signs) {
  const set = readIcons(dataPackage(`@iconify-json/${font}`, folder))
  for (const [digit, word] of words.entries()) {
    const concept = all.findIndex(({ name }) => name === `keycap ${digit}`)
    for (const pattern of patterns)
      add(font, set, concept, pattern.replace('#', `${digit}`).replace('@', word))
  }
}

mkdirSync(join(folder, 'pictures'), { recursive: true })
const lines = ['path,name,concept,font']
const pictures = await rasterise(
  drawings.map(({ document }) => document),
  size,
)
for (const [i, { font, concept, name }] of drawings.entries()) {
  const planes = pictures[i] ?? new Uint8Array(0)
  const pixels = Uint8Array.from(
    { length: planes.length },
    (_, at) => planes[(at % 3) * size * size + Math.floor(at / 3)] ?? 0,
  )
  const file = `${i}.png`
  await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toFile(join(folder, 'pictures', file))
  lines.push(`pictures/${file},"${name.replaceAll('"', '""')}",${concept},${font}`)
}
writeWhole(join(folder, 'pictures.csv'), `${lines.join('\n')}\n`)
for (const font of new Set(drawings.map((drawing) => drawing.font)))
  console.log(`${font}: ${drawings.filter((drawing) => drawing.font === font).length}`)
