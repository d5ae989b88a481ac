/**
 * Measures what the project promises about reading data, as ratios within one run on one machine:
 *
 * 1. pictures made into fields at 224 pixels, with libvips' own resizing and with the one that is bit-equal to Pillow's,
 *    beside sharp alone, at as many pictures at a time as there are threads; in turns;
 * 2. the share of a training step that waits for its batch, where the step is long;
 * 3. the time to the first batch of a folder of a million pictures (hard links to a few);
 * 4. resident memory while 2 GB of a tar archive are read.
 *
 *     npm run bench:data -- --rounds 5 --out bench.json
 */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { openData } from '../../src/runtime/fields.js'
import { HostPool } from '../../src/runtime/host-pool.js'
import { openSource } from '../../src/runtime/open-data.js'
import { Batches } from '../../src/runtime/order/batches.js'
import { onePart } from '../../src/runtime/rows/rows.js'
import { runPipeline } from '../../src/runtime/run.js'
import webdataset from '../../src/runtime/sources/webdataset.js'
import { tar } from '../tools/tar.js'
import { median } from './median.js'

const { values: options } = parseArgs({
  options: {
    /** How often sharp and both ways of resizing take turns. */
    rounds: { type: 'string', default: '5' },
    /** Pictures of a round. */
    pictures: { type: 'string', default: '400' },
    /** Pictures of the large folder, and MB of the archive. */
    folder: { type: 'string', default: '1000000' },
    archive: { type: 'string', default: '2048' },
    out: { type: 'string' },
  },
})
const [rounds, count, files, megabytes] = [
  options.rounds,
  options.pictures,
  options.folder,
  options.archive,
].map(Number) as [number, number, number, number]

const scratch = mkdtempSync(join(tmpdir(), 'dcrc-bench-'))
try {
  const results = {
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    ...(await rates()),
    ...(await waiting()),
    ...(await largeFolder()),
    ...(await longArchive()),
  }
  for (const [name, value] of Object.entries(results)) process.stdout.write(`${name.padEnd(34)} ${value}\n`)
  if (options.out) writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`)
} finally {
  rmSync(scratch, { recursive: true })
}
process.exit(0)

/** A picture with the detail of a photograph: waves and noise. */
function photograph(seed: number, width = 500, height = 375): Promise<Buffer> {
  const data = Buffer.alloc(width * height * 3)
  let state = seed + 1
  for (let i = 0; i < data.length; i++) {
    state = (state * 48271) % 2147483647
    const [pixel, c] = [Math.floor(i / 3), i % 3]
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    data[i] = 127 + 80 * Math.sin((x * (c + 2)) / 90 + seed) * Math.cos(y / (40 + 9 * c)) + (state % 24)
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer()
}

/** Writes a folder of one class, and gives a function that makes fields of so many of its pictures. */
async function fieldsOf(resized: string): Promise<(k: number) => Promise<unknown>> {
  writeFileSync(
    join(scratch, 'main.dcr'),
    `pipeline p { data all = image_folder("photos") rows 8 { image: u8[3, 224, 224] = ${resized} }\n evaluate e = average(value = mean(cast(all.image, f32))) }`,
  )
  const { artefact, diagnostics } = compile({ entry: 'main.dcr', files: new DiskFiles(scratch) })
  const [spec] = artefact?.manifest.data ?? []
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  const data = await openData(spec, scratch, openSource)
  const table = await data.all()
  return async (k) => {
    const [sample] = await table.samples([{ index: k % table.length, epoch: 0 }])
    if (sample) await data.fields(sample, ['image'], 0)
  }
}

/** Pictures a second, so many at a time. */
async function rate(lanes: number, make: (k: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let k = next++; k < count; k = next++) await make(k)
    }),
  )
  return (1000 * count) / (performance.now() - start)
}

async function rates() {
  const photos = await Promise.all(Array.from({ length: 32 }, (_, k) => photograph(k)))
  mkdirSync(join(scratch, 'photos/one'), { recursive: true })
  photos.forEach((bytes, k) => writeFileSync(join(scratch, `photos/one/${100 + k}.jpg`), bytes))
  sharp.concurrency(1)
  sharp.cache(false)
  const ways = {
    sharp: (k: number) =>
      sharp(join(scratch, `photos/one/${100 + (k % 32)}.jpg`))
        .resize(224, 224, { fit: 'fill' })
        .raw()
        .toBuffer(),
    fast: await fieldsOf('resize(image, [224, 224], fast = true)'),
    exact: await fieldsOf('resize(image, [224, 224])'),
  }
  const lanes = HostPool.shared().size
  const measured: Record<keyof typeof ways, number[]> = { sharp: [], fast: [], exact: [] }
  for (const make of Object.values(ways)) for (let k = 0; k < 20; k++) await make(k)
  for (let round = 0; round < rounds; round++)
    for (const [name, make] of Object.entries(ways) as [keyof typeof ways, (k: number) => Promise<unknown>][])
      measured[name].push(await rate(lanes, make))
  const ratio = (name: 'fast' | 'exact'): string =>
    median(measured[name].map((value, k) => value / (measured.sharp[k] ?? NaN))).toFixed(2)
  return {
    'threads for pictures': lanes,
    'sharp alone, pictures a second': median(measured.sharp).toFixed(0),
    'fast = true, share of sharp': ratio('fast'),
    'bit-equal, share of sharp': ratio('exact'),
  }
}

/** Trains a network whose step takes much longer than its pictures. */
async function waiting() {
  writeFileSync(
    join(scratch, 'train.dcr'),
    `use std.nn { Conv2d, Linear }
module Net {
  first = Conv2d(3, 48, 3, padding = 1)
  second = Conv2d(48, 48, 3, padding = 1)
  head = Linear(48, 1)
  fn forward(image: float[n, 3, h, w]) -> float[n, 1] = head(mean(relu(second(relu(first(image)))), axis = [2, 3]))
}
pipeline train {
  data all = image_folder("photos") rows 8 { image: f32[3, 224, 224] = random_horizontal_flip(random_resized_crop(image, 224)) }
  model net = Net()
  stage learn { train net; minimize mean(square(net(all.image))); optimizer adamw(lr = 1e-3); steps 12 }
}`,
  )
  const { artefact, diagnostics } = compile({ entry: 'train.dcr', files: new DiskFiles(scratch) })
  if (!artefact) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  const runDir = join(scratch, 'run')
  const { status } = await runPipeline(artefact, { root: scratch, runDir })
  if (status !== 'done') throw new Error(`the run is ${status}`)
  const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n').slice(2)
  const steps = lines.map((line) => JSON.parse(line) as { step_ms: number; data_ms: number })
  const sum = (of: 'step_ms' | 'data_ms'): number => steps.reduce((all, step) => all + step[of], 0)
  return {
    'step of 8 pictures, ms': (sum('step_ms') / steps.length).toFixed(0),
    'waiting for data, share of a step': `${((100 * sum('data_ms')) / sum('step_ms')).toFixed(2)} %`,
  }
}

async function largeFolder() {
  const classes = 100
  for (let c = 0; c < classes; c++) {
    const folder = join(scratch, 'million', `class-${c}`)
    mkdirSync(folder, { recursive: true })
    const source = join(folder, '0.jpg')
    writeFileSync(source, readFileSync(join(scratch, `photos/one/${100 + (c % 32)}.jpg`)))
    for (let k = 1; k < files / classes; k++) linkSync(source, join(folder, `${k}.jpg`))
  }
  const [start, used] = [performance.now(), process.cpuUsage()]
  const data = await openSource(
    { kind: 'source', source: 'image_folder', arguments: { folder: 'million' } },
    scratch,
  )
  const opened = performance.now()
  const batches = new Batches(onePart(data), { seed: 0, data: 'train', rank: 0, world: 1 })
  const samples = await batches.batch(0, 32)
  if (samples.length !== 32) throw new Error('no batch')
  const first = performance.now()
  const { user, system } = process.cpuUsage(used)
  return {
    'pictures of the large folder': files.toLocaleString('en'),
    'opened after, s': ((opened - start) / 1000).toFixed(2),
    'first batch after, s': ((first - start) / 1000).toFixed(2),
    'of which processor time, s': ((user + system) / 1e6).toFixed(2),
  }
}

async function longArchive() {
  const file = join(scratch, 'long.tar')
  const photos = await Promise.all(Array.from({ length: 16 }, (_, k) => photograph(k, 640, 480)))
  const handle = await open(file, 'w')
  let size = 0
  for (let k = 0; size < megabytes * 2 ** 20; k++) {
    const key = String(k).padStart(9, '0')
    const photo = photos[k % 16] ?? Buffer.alloc(0)
    const members = tar([
      [`${key}.jpg`, photo],
      [`${key}.txt`, Buffer.from(`picture ${k}`)],
    ]).subarray(0, -1024)
    await handle.write(members)
    size += members.length
  }
  await handle.write(Buffer.alloc(1024))
  await handle.close()
  const stream = await webdataset.open({ shards: 'long.tar', shuffle: 1000 }, scratch)
  const batches = new Batches(onePart(stream), { seed: 0, data: 'train', rank: 0, world: 1 })
  const resident: number[] = []
  const start = performance.now()
  const perPicture = size / (photos[0]?.length ?? 1)
  for (let k = 0; k < perPicture / 64 - 1; k++) {
    await batches.batch(k, 64)
    if (k % 16 === 0) resident.push(process.memoryUsage.rss())
  }
  const seconds = (performance.now() - start) / 1000
  const quarter = Math.floor(resident.length / 4)
  const peak = (values: readonly number[]): number => Math.max(...values) / 1e6
  return {
    'archive, MB': (size / 1e6).toFixed(0),
    'read, MB a second': (size / 1e6 / seconds).toFixed(0),
    'resident, first quarter, MB': peak(resident.slice(0, quarter)).toFixed(0),
    'resident, last quarter, MB': peak(resident.slice(-quarter)).toFixed(0),
  }
}
