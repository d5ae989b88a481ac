import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DataInvalid, DataMissing } from '../../src/runtime/sources/dataset.js'
import idx from '../../src/runtime/sources/idx.js'
import { Project } from './project.js'

let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

/** By the format's definition: two zero bytes, 8 for bytes, the number of axes, their sizes from the highest byte on. */
const file = (sizes: readonly number[], values: readonly number[]): Buffer => {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.set([0, 0, 8, sizes.length])
  sizes.forEach((size, k) => header.writeUInt32BE(size, 4 + 4 * k))
  return Buffer.concat([header, Buffer.from(values)])
}

const settings = {
  images: 'fashion/train-images-idx3-ubyte',
  labels: 'fashion/train-labels-idx1-ubyte',
  size: [2, 3],
}
const images = file([2, 2, 3], [1, 2, 3, 4, 5, 6, 250, 251, 252, 253, 254, 255])
const open = (more = {}) => idx.open({ ...settings, ...more }, project.root)

test('pictures are grey in three channels, with their labels, packed or not', async () => {
  const read = async () => {
    const data = await open({ names: ['T-shirt', 'Trouser'] })
    expect([data.length, data.names.get('label')]).toEqual([2, ['T-shirt', 'Trouser']])
    const { image, label, class: name } = data.row(1)
    expect([label, name]).toEqual([BigInt64Array.of(0n), 'T-shirt'])
    expect(image).toMatchObject({ width: 3, height: 2, channels: 3 })
    expect(image).toHaveProperty(
      'data',
      Uint8Array.from([250, 251, 252, 253, 254, 255].flatMap((v) => [v, v, v])),
    )
    return data.fingerprint
  }
  project.write(`${settings.images}.gz`, gzipSync(images))
  project.write(`${settings.labels}.gz`, gzipSync(file([2], [1, 0])))
  const packed = await read()
  project.write(settings.images, images)
  project.write(settings.labels, file([2], [1, 0]))
  expect(await read()).toBe(packed)
  project.write(settings.labels, file([2], [1, 1]))
  expect((await open()).fingerprint).not.toBe(packed)
})

test('what is missing or does not fit is told', async () => {
  await expect(open()).rejects.toThrow(DataMissing)
  project.write(settings.images, images)
  project.write(settings.labels, file([2], [1, 4]))
  await expect(open({ size: 28 })).rejects.toThrow('2 x 3 pixels, not 28 x 28')
  await expect(open({ classes: 4 })).rejects.toThrow('labels up to 4, more than 4 classes')
  await expect(open({ names: ['a', 'b'] })).rejects.toThrow('has 5 classes, and `names` names 2')
  project.write(settings.labels, file([3], [1, 4, 0]))
  await expect(open()).rejects.toThrow('holds 3 labels for 2 pictures')
  project.write(settings.images, file([2, 6], [...images.subarray(16)]))
  await expect(open()).rejects.toThrow('its axes are 2 x 6')
})

test('what unpacks to far more than its size is not unpacked', async () => {
  project.write(`${settings.images}.gz`, gzipSync(Buffer.alloc(16 * 1024 * 1024)))
  await expect(open()).rejects.toThrow(DataInvalid)
  await expect(open()).rejects.toThrow('it unpacks to more than')
})
