import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readFileSync } from '../../disk.js'
import { readSettings } from '../../settings.js'
import declared from '../../sources/cifar.js'
import type { DataSource } from '../../sources/source.js'
import type { Pixels } from '../pictures/picture.js'
import { DataInvalid, DataMissing, type Row, type SourceOpener } from './dataset.js'
import { fingerprintOf } from './files/fingerprint.js'

const side = 32
const plane = side * side

interface Layout {
  readonly archive: string
  readonly train: readonly string[]
  readonly test: string
  readonly names: string
  /** What stands before the pixels of a record, a byte each. */
  readonly labels: readonly string[]
}

const layouts: readonly Layout[] = [
  {
    archive: 'cifar-10-binary.tar.gz',
    train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`),
    test: 'test_batch.bin',
    names: 'batches.meta.txt',
    labels: ['label'],
  },
  {
    archive: 'cifar-100-binary.tar.gz',
    train: ['train.bin'],
    test: 'test.bin',
    names: 'fine_label_names.txt',
    labels: ['coarse', 'label'],
  },
]

const opener = (source: DataSource, layout: Layout): SourceOpener => ({
  name: source.name,
  async open(settings, root) {
    const read = readSettings(settings, source.parameters)
    const folder = resolve(root, read.string('folder'))
    const help = `unpack https://www.cs.toronto.edu/~kriz/${layout.archive}`
    const files = read.string('split') === 'test' ? [layout.test] : layout.train
    const record = layout.labels.length + 3 * plane
    const parts = files.map((name) => {
      const file = join(folder, name)
      const size = statSync(file, { throwIfNoEntry: false })?.size
      if (size === undefined) throw new DataMissing(`${file} is missing`, help)
      if (size % record !== 0 || size > largest)
        throw new DataInvalid(`${file} has ${size} bytes, no whole number of ${record}`, help)
      return readFileSync(file)
    })
    const bytes = Buffer.concat(parts)
    const classes = namesOf(join(folder, layout.names))
    return {
      length: bytes.length / record,
      fingerprint: fingerprintOf(folder, files, {}),
      names: new Map([['label', classes]]),
      row(index): Row {
        const at = index * record
        if (index < 0 || at >= bytes.length) throw new RangeError(`no row ${index}`)
        const numbers = layout.labels.map((name, k) => [name, bytes[at + k] ?? 0] as const)
        const label = bytes[at + layout.labels.length - 1] ?? 0
        return {
          image: picture(bytes.subarray(at + layout.labels.length, at + record)),
          ...Object.fromEntries(numbers.map(([name, n]) => [name, BigInt64Array.of(BigInt(n))])),
          class: classes[label] ?? `${label}`,
        }
      },
    }
  },
})

/** The files of 50,000 pictures have 154 MB. */
const largest = 2 ** 28

/** The planes of a record, as pixels. */
function picture(planes: Uint8Array): Pixels {
  const data = new Uint8Array(3 * plane)
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) data[i * 3 + c] = planes[c * plane + i] ?? 0
  return { kind: 'pixels', width: side, height: side, channels: 3, data }
}

function namesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '')
  } catch {
    return []
  }
}

export default declared.flatMap((source, k) => {
  const layout = layouts[k]
  return layout ? [opener(source, layout)] : []
})
