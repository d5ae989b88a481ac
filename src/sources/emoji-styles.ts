/** The emoji fonts at hand, by the name a pipeline uses. A style's place in this list is its number. */
export const styles = [
  { name: 'noto', package: '@iconify-json/noto' },
  { name: 'twemoji', package: '@iconify-json/twemoji' },
  { name: 'fluent', package: '@iconify-json/fluent-emoji-flat' },
] as const

export type Style = (typeof styles)[number]

/** The categories of the Unicode charts, in the order in which categories are numbered. */
export const categories = [
  'Activities',
  'Animals & Nature',
  'Component',
  'Flags',
  'Food & Drink',
  'Objects',
  'People & Body',
  'Smileys & Emotion',
  'Symbols',
  'Travel & Places',
] as const
