/**
 * Draws the pictures of pipelines/examples/pictures: discs, squares and triangles of many colours, sizes and places.
 * usage: tsx test/tools/sample-pictures.ts
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const folder = fileURLToPath(new URL('../../pipelines/examples/pictures', import.meta.url))
const [size, count] = [48, 32]

const shapes: Readonly<Record<string, (r: number) => string>> = {
  disc: (r) => `<circle r="${r}"/>`,
  square: (r) => `<rect x="${-r}" y="${-r}" width="${2 * r}" height="${2 * r}"/>`,
  triangle: (r) => `<polygon points="0,${-r} ${r},${r} ${-r},${r}"/>`,
}

/** Numbers in [0, 1) that look random and are the same every time. */
function* numbers(): Generator<number, never> {
  for (let state = 1; ;) {
    state = (state * 48271) % 2147483647
    yield state / 2147483647
  }
}

const draw = numbers()
const between = (low: number, high: number): number => low + (high - low) * draw.next().value
for (const [name, shape] of Object.entries(shapes)) {
  mkdirSync(join(folder, name), { recursive: true })
  for (let k = 0; k < count; k++) {
    const hue = Math.round(between(0, 360))
    const place = `translate(${between(20, 28)} ${between(20, 28)}) rotate(${between(-20, 20)})`
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">
      <rect width="100%" height="100%" fill="hsl(${(hue + 180) % 360}, 30%, ${between(90, 98)}%)"/>
      <g transform="${place}" fill="hsl(${hue}, 80%, ${between(20, 45)}%)">${shape(between(11, 17))}</g>
    </svg>`
    await sharp(Buffer.from(svg))
      .png({ palette: true })
      .toFile(join(folder, name, `${k + 1}.png`))
  }
}
