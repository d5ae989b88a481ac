import type { EvaluationKind } from './kind.js'

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
}

export default pictures
