import type { Pixels } from '../runtime/pictures/picture.js'

/** A picture for a terminal of 24-bit colours: a character is two pixels, the upper one its ink and the lower its ground. */
export function halfBlocks({ width, height, data }: Pixels): string {
  const colour = (x: number, y: number): string =>
    [...data.subarray((y * width + x) * 3).subarray(0, 3)].join(';')
  const lines: string[] = []
  for (let y = 0; y < height; y += 2) {
    let [line, before] = ['', '']
    for (let x = 0; x < width; x++) {
      const under = y + 1 < height ? `48;2;${colour(x, y + 1)}` : '49'
      const code = `\u001b[38;2;${colour(x, y)};${under}m`
      line += code === before ? '▀' : `${code}▀`
      before = code
    }
    lines.push(`${line}\u001b[0m`)
  }
  return lines.join('\n')
}
