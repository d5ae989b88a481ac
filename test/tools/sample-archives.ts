/**
 * Draws coloured shapes with captions into the archives of pipelines/examples: captions/shapes.parquet, as data sets of the
 * Hugging Face hub lie, and shards/, as img2dataset writes them.
 * usage: tsx test/tools/sample-archives.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parquetWriteBuffer } from 'hyparquet-writer'
import sharp from 'sharp'
import { drawing, shapeOn, shapes } from './shapes.js'
import { tar } from './tar.js'

const examples = fileURLToPath(new URL('../../pipelines/examples', import.meta.url))
const hues = { red: 0, orange: 32, yellow: 56, green: 125, blue: 225, purple: 285 }
const size = 32

const between = drawing()
const rows: { readonly svg: Buffer; readonly caption: string; readonly shape: number }[] = []
for (let k = 0; k < 144; k++) {
  const names = Object.entries(shapes)
  const shape = k % names.length
  const [colour, hue] = Object.entries(hues)[Math.floor(between(0, 6))] ?? ['red', 0]
  const [name, outline] = names[shape] ?? ['disc', () => '']
  rows.push({ svg: shapeOn(outline, hue, size, between), caption: `a ${colour} ${name}`, shape })
}

mkdirSync(join(examples, 'captions'), { recursive: true })
const pngs = await Promise.all(rows.map(({ svg }) => sharp(svg).png({ palette: true }).toBuffer()))
const columnData = [
  { name: 'image', data: pngs.map((bytes) => new Uint8Array(bytes)), type: 'BYTE_ARRAY' as const },
  { name: 'caption', data: rows.map(({ caption }) => caption), type: 'STRING' as const },
  { name: 'shape', data: rows.map(({ shape }) => BigInt(shape)), type: 'INT64' as const },
]
writeFileSync(
  join(examples, 'captions/shapes.parquet'),
  Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 48 })),
)
const words = ['a', ...Object.keys(hues), ...Object.keys(shapes)]
writeFileSync(join(examples, 'captions/words.txt'), `${words.join('\n')}\n`)

mkdirSync(join(examples, 'shards'), { recursive: true })
for (const shard of [0, 1]) {
  const members = await Promise.all(
    rows.slice(shard * 24, (shard + 1) * 24).map(async ({ svg, caption }, k) => {
      const key = `${String(shard).padStart(5, '0')}${String(k).padStart(4, '0')}`
      const about = { caption, key, status: 'success', width: size, height: size }
      return [
        [`${key}.jpg`, await sharp(svg).jpeg({ quality: 95 }).toBuffer()],
        [`${key}.txt`, Buffer.from(caption)],
        [`${key}.json`, Buffer.from(JSON.stringify(about))],
      ] as const
    }),
  )
  writeFileSync(join(examples, `shards/${String(shard).padStart(5, '0')}.tar`), tar(members.flat()))
}
