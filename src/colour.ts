export type Colour = readonly [red: number, green: number, blue: number]

export const white: Colour = [255, 255, 255]

/** A colour as `#rrggbb`; undefined where the text is none. */
export function colourOf(text: string): Colour | undefined {
  const [, red, green, blue] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text) ?? []
  if (red === undefined || green === undefined || blue === undefined) return undefined
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)]
}
