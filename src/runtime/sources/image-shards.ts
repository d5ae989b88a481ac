import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/image-shards.js'
import type { StoredTensor } from '../../weights/table.js'
import { DataInvalid, DataMissing, type SourceOpener } from './dataset.js'

const help = 'shards are safetensors files, each with one tensor `image`, U8 [n, 3, size, size]'

/** A row is read from its shard when it is asked for. */
const imageShards = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const [folder, size] = [resolve(root, read.string('folder')), read.number('size')]
    const shards: StoredTensor[] = []
    for (const name of shardNames(folder)) shards.push(await openShard(join(folder, name), size))

    const bytes = 3 * size * size
    const starts: number[] = []
    let length = 0
    for (const { shape } of shards) {
      starts.push(length)
      length += shape[0] ?? 0
    }
    return {
      length,
      fingerprint: fingerprint(shards, bytes),
      row(index) {
        if (index < 0 || index >= length) throw new RangeError(`no row ${index}`)
        const at = starts.findLastIndex((start) => start <= index)
        const shard = shards[at]
        if (!shard) throw new RangeError(`no shard for row ${index}`)
        const pixels = readBytes(shard, (index - (starts[at] ?? 0)) * bytes, bytes)
        return { image: Float32Array.from(pixels, (v) => v / 255) }
      },
    }
  },
} satisfies SourceOpener

function shardNames(folder: string): string[] {
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
  } catch {
    throw new DataMissing(`the folder ${folder} is missing`, help)
  }
  if (names.length === 0) throw new DataMissing(`there is no .safetensors file in ${folder}`, help)
  return names.toSorted()
}

async function openShard(file: string, size: number): Promise<StoredTensor> {
  // Loaded here: what only checks a pipeline opens no data.
  const { openSafetensors } = await import('../../weights/safetensors.js')
  const { WeightsError } = await import('../../weights/weights-error.js')
  try {
    const { tensors } = await openSafetensors(file)
    const image = tensors.get('image')
    if (!image) throw new DataInvalid(`${file} has no tensor \`image\``, help)
    const { dtype, shape } = image
    if (dtype !== 'u8' || shape.length !== 4 || shape.slice(1).join() !== `3,${size},${size}`) {
      throw new DataInvalid(
        `${file}: \`image\` is ${dtype}[${shape.join(', ')}], not u8[n, 3, ${size}, ${size}]`,
        help,
      )
    }
    return image
  } catch (error) {
    throw error instanceof WeightsError ? new DataInvalid(error.message, help) : error
  }
}

/** Of the sizes of all shards and of the first and last picture of each: to read all would take hours at full size. */
function fingerprint(shards: readonly StoredTensor[], bytes: number): string {
  const hash = createHash('sha256')
  for (const shard of shards) {
    const count = shard.shape[0] ?? 0
    hash.update(JSON.stringify(shard.shape))
    if (count === 0) continue
    hash.update(readBytes(shard, 0, bytes)).update(readBytes(shard, (count - 1) * bytes, bytes))
  }
  return hash.digest('hex')
}

function readBytes({ file, offset }: StoredTensor, at: number, length: number): Uint8Array {
  const out = new Uint8Array(length)
  const handle = openSync(file, 'r')
  try {
    for (let done = 0; done < length;) {
      const count = readSync(handle, out, done, length - done, offset + at + done)
      if (count === 0) throw new DataInvalid(`${file} has become shorter`, help)
      done += count
    }
  } finally {
    closeSync(handle)
  }
  return out
}

export default imageShards
