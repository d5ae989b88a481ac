import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from '../../../src/runtime/pictures/decode.js'
import { encoded } from '../../../src/runtime/pictures/picture.js'
import cocoCaptions from '../../../src/runtime/sources/coco-captions.js'
import type { Dataset } from '../../../src/runtime/sources/dataset.js'
import flickr30k from '../../../src/runtime/sources/flickr30k.js'
import idx from '../../../src/runtime/sources/idx.js'
import parquet from '../../../src/runtime/sources/parquet.js'
import table from '../../../src/runtime/sources/table.js'
import webdataset from '../../../src/runtime/sources/webdataset.js'
import { openSafetensors, readTensor } from '../../../src/weights/safetensors.js'
import type { seeds } from './seeds.js'

export type Kind = keyof Awaited<ReturnType<typeof seeds>>

/** Reads all of a file of a kind, as a run does. */
export type Read = (bytes: Buffer) => Promise<void>

const columns = { path: 'picture', caption: 'text', label: 'i64[]', box: 'f32[2]' }

async function allRows(data: Dataset): Promise<void> {
  for (let k = 0; k < Math.min(data.length, 20); k++) await data.row(k)
  await data.columns?.(['caption', 'label'])
}

/** What reads each kind of file, in a folder of its own. */
export function readers(root: string): Readonly<Record<Kind, Read>> {
  mkdirSync(join(root, 'pictures'), { recursive: true })
  writeFileSync(join(root, 'labels'), Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]))
  const write = (name: string, bytes: Buffer): string => {
    writeFileSync(join(root, name), bytes)
    return name
  }
  const lines =
    (name: string): Read =>
    async (bytes) =>
      allRows(await table.open({ file: write(name, bytes), columns }, root))
  const grey =
    (name: string): Read =>
    async (bytes) => {
      write(name, bytes)
      await allRows(await idx.open({ images: 'images', labels: 'labels', size: 4 }, root))
    }
  const picture: Read = async (bytes) => void (await decode(encoded(bytes, 'a')))
  return {
    async tar(bytes) {
      const data = await webdataset.open({ shards: write('a.tar', bytes) }, root)
      for await (const _ of data.read(0, 0, undefined)) continue
    },
    async parquet(bytes) {
      const of = { image: 'picture', caption: 'text', label: 'i64[]', box: 'f32[4]' }
      await allRows(await parquet.open({ files: write('a.parquet', bytes), columns: of }, root))
    },
    idx: grey('images'),
    gz: grey('images.gz'),
    csv: lines('a.csv'),
    tsv: lines('a.tsv'),
    jsonl: lines('a.jsonl'),
    async json(bytes) {
      await allRows(
        await cocoCaptions.open({ annotations: write('a.json', bytes), images: 'pictures' }, root),
      )
    },
    async txt(bytes) {
      await allRows(await flickr30k.open({ captions: write('a.txt', bytes), images: 'pictures' }, root))
    },
    jpeg: picture,
    png: picture,
    webp: picture,
    gif: picture,
    tiff: picture,
    async safetensors(bytes) {
      const { tensors } = await openSafetensors(join(root, write('a.safetensors', bytes)))
      for (const tensor of tensors.values()) await readTensor(tensor)
    },
  }
}
