import { categories, styles } from './emoji-styles.js'
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
 * correspond to rows of another: row i of style a and row i of style b show the same thing.
 */
const emojiArt: DataSource = {
  name: 'emoji_art',
  doc: 'Emoji art in up to three styles with names and categories, from the npm packages of Iconify.',
  parameters,
  apart: ['styles'],
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
}

export default emojiArt
