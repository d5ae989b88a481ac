/** A character as a terminal shows it. */
export interface Cell {
  readonly text: string
  readonly width: number
}

/** Characters of two columns: East Asian wide ones and pictographs. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^[\u{1f300}-\u{1f64f}\u{1f680}-\u{1faff}\u{20000}-\u{3fffd}]/u
/** Characters that stand on the one before them. */
const combining = /^(?:\p{Mn}|\p{Me}|[\u200b-\u200f])/u
const control = /^[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u

/** One code point; tabs take two columns, control characters show as a box. */
export function cellOf(character: string): Cell {
  if (character === '\t') return { text: '  ', width: 2 }
  if (combining.test(character)) return { text: character, width: 0 }
  if (control.test(character)) return { text: '\u25a1', width: 1 }
  return { text: character, width: wide.test(character) ? 2 : 1 }
}

/** Text that may come from a stranger's file, in lines: what would steer a terminal shows as a box. */
export const harmless = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (c) => (/[\n\t]/.test(c) ? c : cellOf(c).text))

export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += cellOf(character).width
  return width
}
