import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'

const fixtures = fileURLToPath(new URL('../../oracle/fixtures', import.meta.url))
const fixture = (name: string): Buffer => readFileSync(`${fixtures}/${name}`)

const tensor = (header: object, bytes: number): Buffer => {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, Buffer.alloc(bytes, 7)])
}

const idx = (sizes: readonly number[]): Buffer => {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.set([0, 0, 8, sizes.length])
  sizes.forEach((size, k) => header.writeUInt32BE(size, 4 + 4 * k))
  return Buffer.concat([
    header,
    Buffer.alloc(
      sizes.reduce((a, b) => a * b, 1),
      3,
    ),
  ])
}

/** A header that claims so many pixels by 50,000. */
const absurd = (width: number): Buffer => {
  const bytes = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAw1AAAMNQCAIAAAD/////AAAAAElFTkSuQmCC', 'base64')
  bytes.writeUInt32BE(width, 16)
  return bytes
}

/** Whole files of every kind, small, so that a change hits something. */
export async function seeds() {
  const pixels = sharp({ create: { width: 9, height: 7, channels: 4, background: '#40a0e080' } })
  const made = (form: 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff') => pixels.clone().toFormat(form).toBuffer()
  const table = 'path,caption,label,box\na.png,"A cat, asleep",1,"[1, 2]"\nb.png,Two dogs,0,"[3, 4]"\n'
  const captions = {
    images: [{ id: 1, file_name: '1.jpg' }],
    annotations: [{ image_id: 1, id: 2, caption: 'A man.' }],
  }
  return {
    tar: ['gnu', 'pax', 'ustar'].map((name) => fixture(`data/${name}.tar`)),
    parquet: [fixture('data/rows.parquet')],
    idx: [idx([2, 4, 4])],
    gz: [gzipSync(idx([2, 4, 4]))],
    csv: [Buffer.from(table)],
    tsv: [Buffer.from(table.replaceAll(',', '\t'))],
    jsonl: [
      Buffer.from('{"path": "a.png", "caption": "A cat", "label": 1, "box": [1, 2]}\n{"path": "b.png"}\n'),
    ],
    json: [Buffer.from(JSON.stringify(captions))],
    txt: [Buffer.from('image,caption\n1.jpg,A man, and a dog\n1.jpg#1\tA man.\n')],
    jpeg: [await made('jpeg')],
    png: [await made('png'), absurd(70_000)],
    webp: [await made('webp')],
    gif: [await made('gif')],
    tiff: [await made('tiff')],
    safetensors: [
      tensor(
        { w: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] }, __metadata__: { format: 'pt' } },
        24,
      ),
      tensor(
        {
          a: { dtype: 'BF16', shape: [4], data_offsets: [0, 8] },
          b: { dtype: 'U8', shape: [], data_offsets: [8, 9] },
        },
        9,
      ),
    ],
  }
}
