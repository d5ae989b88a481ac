import type { EvaluationKind, Results } from './kind.js'
import { encodePng } from './picture/png.js'

/** Pictures of one batch as they are before and after training, for the eye: data URIs of PNG files. */
const pictures: EvaluationKind = {
  name: 'pictures',
  doc: 'Keeps pictures of a batch for the report: the originals and what the generator makes of them.',
  parameters: [
    { name: 'original', kind: 'batch', doc: 'Pictures [n, 3, h, w] in [0, 1].' },
    {
      name: 'reconstruction',
      kind: 'batch',
      default: null,
      doc: 'Their reconstruction under their own condition.',
    },
    { name: 'batches', kind: 'int', default: 1, min: 1, doc: 'Number of batches to keep.' },
  ],
  metrics: [],
  problems({ shapes }) {
    return Object.entries(shapes).flatMap(([parameter, shape]) =>
      shape.length === 4 && shape[1] === 3
        ? []
        : [
            {
              parameter,
              message: `it must hold pictures: f32[n, 3, height, width], not [${shape.join(', ')}]`,
            },
          ],
    )
  },
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
