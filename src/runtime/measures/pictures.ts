import declared from '../../evaluations/pictures.js'
import { encodePng } from './picture/png.js'
import type { KindMeasure, Results } from './measure.js'

const pictures: KindMeasure = {
  name: declared.name,
  measure(input) {
    return Object.fromEntries(Object.entries(input.results).map(([name, images]) => [name, dataUris(images)]))
  },
}

/** [..., 3, height, width] in [0, 1], clamped. */
function dataUris({ shape, data }: Results): string[] {
  const [height = 0, width = 0] = shape.slice(-2)
  const plane = height * width
  return Array.from({ length: data.length / (3 * plane) }, (_, n) => {
    const pixels = new Uint8Array(3 * plane)
    for (let i = 0; i < plane; i++) {
      for (let c = 0; c < 3; c++) {
        const value = data[(n * 3 + c) * plane + i] ?? 0
        pixels[i * 3 + c] = Math.round(Math.min(Math.max(value, 0), 1) * 255)
      }
    }
    return `data:image/png;base64,${Buffer.from(encodePng(pixels, width, height)).toString('base64')}`
  })
}

export default pictures
