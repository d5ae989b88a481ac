import { type DataSpec, sourceOf } from '../../artefact/data.js'
import { badEpochs } from '../../diagnostics/catalogue/stage.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { dataLength } from '../../sources/length.js'
import { findSource } from '../../sources/registry.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'

interface Epochs {
  readonly count: number
  /** Of the clause's value. */
  readonly span: Span
  /** The data sets that objectives read, with the batches of each that a step of the stage takes. */
  readonly data: ReadonlyMap<string, number>
}

/**
 * The optimizer steps in which every row of the objective's data set has come `count` times. Rows follow each other
 * across the ends of epochs, so the last step alone may begin another one.
 */
export function stepsOfEpochs(x: Elaboration, { count, span, data }: Epochs): number {
  const lengths = [...data].map(([name, batches]) => {
    const data = x.data.get(name)
    const length = data && dataLength(data.spec)
    if (!data || length === undefined)
      return fail(badEpochs(span, unknownLength(name, data?.spec.parts ?? [])))
    const { rows = 1 } = data
    return { name, steps: Math.ceil((count * length) / (rows * batches) - 1e-9) }
  })
  const [first, ...others] = lengths
  if (!first)
    return fail(badEpochs(span, { message: 'the objective reads no data', help: 'give `steps n` instead' }))
  if (others.every(({ steps }) => steps === first.steps)) return first.steps
  const parts = lengths.map(({ name, steps }) => `${steps.toLocaleString('en')} steps of \`${name}\``)
  const { steps } = lengths.reduce((a, b) => (b.steps > a.steps ? b : a))
  return fail(
    badEpochs(span, {
      message: `the objective reads several data sets, whose epochs differ: ${parts.join(', ')}`,
      help: `give the steps: \`steps ${String(steps).replace(/\B(?=(\d{3})+$)/g, '_')}\` go through all of them`,
    }),
  )
}

const unknownLength = (data: string, parts: DataSpec['parts']) => {
  const takesLength = parts.every(({ rows }) =>
    findSource(sourceOf(rows).source)?.parameters.some(({ name }) => name === 'length'),
  )
  return {
    message: `how many rows \`${data}\` has is known only when it is read`,
    help: takesLength
      ? `say how many rows its source has, as in \`image_folder("photos", length = 1_200)\`; \`dcrc data FILE ${data}\` shows it. Or give \`steps n\` instead`
      : 'give `steps n` instead',
  }
}
