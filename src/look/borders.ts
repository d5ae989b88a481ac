import { type Colour, white } from '../colour.js'
import { withoutBorder } from '../runtime/pictures/border.js'
import type { Pixels } from '../runtime/pictures/picture.js'

/** As `trim_border` by default. */
const tolerance = 8

/** The colour of lines at the edges of a picture that are of one colour, as a letter-box leaves them. */
export function borderOf(picture: Pixels): Colour | undefined {
  const { width, height } = withoutBorder(picture, tolerance)
  const [red = 0, green = 0, blue = 0] = picture.data
  return width < picture.width || height < picture.height ? [red, green, blue] : undefined
}

export interface Borders {
  readonly pictures: number
  readonly bordered: number
  readonly white: number
}

/** Of how many pictures, how many have such a border, and how many a white one. */
export function countBorders(borders: readonly (Colour | undefined)[]): Borders {
  const found = borders.filter((border) => border !== undefined)
  const isWhite = (colour: Colour): boolean =>
    colour.every((c, k) => Math.abs(c - (white[k] ?? 0)) <= tolerance)
  return { pictures: borders.length, bordered: found.length, white: found.filter(isWhite).length }
}
