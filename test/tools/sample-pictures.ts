/**
 * Draws the pictures of pipelines/examples/pictures: discs, squares and triangles of many colours, sizes and places.
 * usage: tsx test/tools/sample-pictures.ts
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { drawing, shapeOn, shapes } from './shapes.js'

const folder = fileURLToPath(new URL('../../pipelines/examples/pictures', import.meta.url))
const [size, count] = [48, 32]

const between = drawing()
for (const [name, shape] of Object.entries(shapes)) {
  mkdirSync(join(folder, name), { recursive: true })
  for (let k = 0; k < count; k++) {
    const hue = Math.round(between(0, 360))
    await sharp(shapeOn(shape, hue, size, between))
      .png({ palette: true })
      .toFile(join(folder, name, `${k + 1}.png`))
  }
}
