import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { featureCache } from '../../src/cache.js'
import { DiskFiles } from '../../src/cli/files.js'
import { analyze } from '../../src/compiler/analyze.js'
import { KeptRows } from '../../src/runtime/features/kept-rows.js'
import { Project } from '../data/project.js'

/*
 * Aim: what `cached` keeps is what would be computed: a stage ends with the bits of one without it, whether rows are made,
 * read or damaged, and a change of a row, of weights or of the expression makes others.
 */
let project: Project
beforeEach(() => {
  project = new Project()
  source(0)
})
afterEach(() => project.remove())

/** Eleven rows of numbers, of which the one of a number is shifted. */
const source = (shift: number): void =>
  project.write(
    'rows.mjs',
    `const row = (i) => ({ x: Array.from({ length: 40 }, (_, k) => Math.sin(7 * i + 3 * k) + (i === 4 ? ${shift} : 0)), y: [i / 11] })
export default { open: async () => ({ length: 11, fingerprint: '${shift}', row }) }`,
  )

const pipeline = (cached: string, { clauses = '', batches = 4, value = 'enc(train.x)' } = {}): string => `
use std.nn { Linear }
use std.losses { mse }
module Deep() {
  a = Linear(40, 64)
  b = Linear(64, 24)
  fn forward(x: float[n, 40]) -> float[n, 24] = tanh(b(relu(a(x))))
}
pipeline p {
  data train = source("./rows.mjs", columns = { x: "f32[40]", y: "f32[1]" }) rows ${batches} {
    x: f32[40] = x
    y: f32[1] = y
  }
  model enc = Deep()
  model head = Linear(24, 1)
  let z = ${cached} ${value}
  loss l = mse(head(z), train.y)
  stage learn {
    train head
    minimize l
    optimizer adamw(lr = 1e-2)
    steps 9
    monitor size = mean(abs(z)) every 3
    ${clauses}
  }
}
`

let runs = 0
/** The values with which the stage ends, and what it recorded. */
async function ends(text: string, options = {}): Promise<readonly string[]> {
  const runDir = project.path(`run-${runs++}`)
  const { status } = await project.run(text, { runDir, ...options })
  expect(status).toBe('done')
  const at = join(runDir, 'checkpoints/learn-9')
  const values = ['head', 'optimizer'].map((name) => readFileSync(join(at, `${name}.safetensors`), 'hex'))
  const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trim().split('\n')
  const recorded = lines.map((line) => {
    const { loss, monitors } = JSON.parse(line) as Record<string, unknown>
    return JSON.stringify([loss, monitors])
  })
  return [...values, ...recorded]
}

const files = (): readonly string[] =>
  readdirSync(featureCache(project.root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rows'))
    .map((name) => join(featureCache(project.root), name))
    .toSorted()
const rowBytes = 16 + 4 + 4 * 24

test(
  'a stage ends with the bits of one without it; later runs read what the first has made',
  { timeout: 300_000 },
  async () => {
    const wanted = await ends(pipeline(''))
    expect(await ends(pipeline('cached'))).toEqual(wanted)
    const made = files()
    expect(made.map((file) => statSync(file).size)).toEqual([11 * rowBytes])
    expect(await ends(pipeline('cached'))).toEqual(wanted)
    // nothing was made again
    expect(files()).toEqual(made)
    // what is read is what is used
    const [file = ''] = made
    const bytes = readFileSync(file)
    const rows = new KeptRows(project.path('other'), 4 * 24)
    for (let at = 0; at < bytes.length; at += rowBytes)
      rows.put(bytes.subarray(at, at + 16), new Uint8Array(4 * 24))
    rows.close()
    const [zeros = ''] = readdirSync(project.path('other')).filter((name) => name.endsWith('.rows'))
    writeFileSync(file, readFileSync(join(project.path('other'), zeros)))
    expect(await ends(pipeline('cached'))).not.toEqual(wanted)
  },
)

test.each(['1', '2'])('attention keeps rows to themselves, also with %s of them', (batch) => {
  const { diagnostics } = analyze({
    entry: 'pipelines/quickstart/generator.dcr',
    files: new DiskFiles(process.cwd()),
    settings: new Map([['batch', batch]]),
  })
  expect(diagnostics.map(({ code }) => code)).toEqual([])
})

test(
  'a damaged row, and one that was not written to its end, are made again',
  { timeout: 300_000 },
  async () => {
    const wanted = await ends(pipeline('cached'))
    const [file = ''] = files()
    const bytes = readFileSync(file)
    bytes.writeUInt8((bytes[3 * rowBytes + 40] ?? 0) ^ 1, 3 * rowBytes + 40)
    writeFileSync(file, bytes.subarray(0, 10 * rowBytes + 30))
    expect(await ends(pipeline('cached'))).toEqual(wanted)
    expect(
      files()
        .map((name) => statSync(name).size)
        .toSorted((a, b) => a - b),
    ).toEqual([2 * rowBytes, 10 * rowBytes + 30])
  },
)

test(
  'a change of one row makes that row again, of weights or the expression all of them',
  { timeout: 300_000 },
  async () => {
    await ends(pipeline('cached'))
    source(0.5)
    expect(await ends(pipeline('cached'))).toEqual(await ends(pipeline('')))
    const sizes = files().map((name) => statSync(name).size)
    expect(sizes.toSorted((a, b) => a - b)).toEqual([rowBytes, 11 * rowBytes])
    const folders = (): number => new Set(files().map((file) => dirname(file))).size
    await ends(pipeline('cached', { value: '(2.0 * enc(train.x))' }))
    expect(folders()).toBe(2)
    await ends(pipeline('cached'), { seed: 5 })
    expect(folders()).toBe(3)
  },
)

test(
  'micro-batches, and batches that are larger than the data, are fed as without it',
  { timeout: 300_000 },
  async () => {
    for (const options of [{ clauses: 'accumulate 2' }, { clauses: 'accumulate 2 exact', batches: 8 }])
      expect(await ends(pipeline('cached', options))).toEqual(await ends(pipeline('', options)))
  },
)
