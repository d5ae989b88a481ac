import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toFloat16 } from '../../src/compiler/9-emit/raw.js'
import { DataMissing } from '../../src/runtime/sources/dataset.js'
import type { RunEvent } from '../../src/runtime/events.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { notFinite } from '../../src/weights/not-finite.js'
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js'
import { op, stateDict, tensor, torchFile } from '../weights/torch-files.js'
import { train } from './reference.js'
import { artefactOf, points, regression } from './regression.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const options = (): RunOptions => ({
  root: folder,
  runDir: join(folder, 'run'),
  openDataset: async () => points(10),
})

const scale = [0.5, -1.5, 2]
const scaleTensor = { name: 'scale', dtype: 'f32' as const, shape: [3], content: Float32Array.from(scale) }

/** A file whose data begin at an odd place, as the format allows. */
function writeOdd(file: string): void {
  const header = Buffer.from('{"scale":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  expect((8 + header.length) % 2).toBe(1)
  writeFileSync(file, Buffer.concat([length, header, Buffer.from(Float32Array.from(scale).buffer)]))
}

const problems = async (from: string, extra: RunOptions = {}): Promise<string[]> => {
  const result = await runPipeline(regression({ scaleFrom: from }), { ...options(), ...extra })
  expect(existsSync(join(folder, 'run'))).toBe(false)
  return result.status === 'failed'
    ? result.diagnostics.map((d) => `${d.code}: ${d.message}`)
    : [result.status]
}

test('frozen weights are read where they lie, at any offset, and never change', async () => {
  mkdirSync(join(folder, 'weights'))
  const file = join(folder, 'weights/model.safetensors')
  writeOdd(file)
  const before = readFileSync(file)
  const result = await runPipeline(regression({ scaleFrom: 'weights' }), options())
  expect(result.status).toBe('done')
  const expected = train({ seed: 7, rows: 10, steps: 20, lr: 0.05, scale })
  const losses = readFileSync(join(folder, 'run/metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { loss: number }).loss)
  expect(losses).toHaveLength(20)
  losses.forEach((loss, i) => expect(loss / (expected[i]?.loss ?? NaN)).toBeCloseTo(1, 5))
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(existsSync(join(folder, 'run/initial/fixed.safetensors'))).toBe(false)
})

test('weights that are not there are named, with the missing data, before anything is written', async () => {
  const openDataset = async (): Promise<never> => {
    throw new DataMissing('the pictures are not installed', 'npm install pictures')
  }
  expect(await problems('weights', { openDataset })).toEqual([
    'run/data-missing: data `points`: the pictures are not installed',
    'run/weights-missing: the weights of model `fixed` are not at weights',
  ])
})

test('every difference between a file and its model is listed', async () => {
  const file = join(folder, 'fixed.safetensors')
  const extra = { name: 'position_ids', dtype: 'i64' as const, shape: [1], content: new BigInt64Array(1) }
  await writeSafetensors(file, [extra])
  expect(await problems('fixed.safetensors')).toEqual([
    `run/weights-mismatch: ${file} does not fit model \`fixed\`; 1 missing: \`scale\`; 1 unused: \`position_ids\``,
  ])
  await writeSafetensors(file, [{ ...scaleTensor, shape: [3, 1] }])
  expect(await problems('fixed.safetensors')).toEqual([
    `run/weights-mismatch: ${file} does not fit model \`fixed\`; 1 different: \`scale\` is f32[3, 1], the model has f32[3]`,
  ])
  await writeSafetensors(file, [{ ...scaleTensor, dtype: 'i32', content: new Int32Array(3) }])
  expect(await problems('fixed.safetensors')).toEqual([
    `run/weights-mismatch: ${file} does not fit model \`fixed\`; 1 different: \`scale\` is i32[3], the model has f32[3]`,
  ])
})

test('weights of torch, in another float type or transposed, train as those of safetensors do', async () => {
  const losses = async (name: string, from: string): Promise<string[]> => {
    const artefact = regression({ scaleFrom: from })
    const result = await runPipeline(artefact, { ...options(), runDir: join(folder, name) })
    expect(result.status).toBe('done')
    const lines = readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    return lines.map((line) => String((JSON.parse(line) as { loss: number }).loss))
  }
  writeOdd(join(folder, 'model.safetensors'))
  const wanted = await losses('a', 'model.safetensors')

  // Each file holds [7, 0.5, 7, -1.5, 7, 2], of which the scale is every other value.
  const values = [7, 0.5, 7, -1.5, 7, 2]
  const spread = { elements: 6, offset: 1, shape: [3], strides: [2] }
  const kept = { elements: 3, shape: [3], strides: [1] }
  mkdirSync(join(folder, 'halves'))
  const files: [string, string, Parameters<typeof tensor>[0], ArrayBufferView][] = [
    ['as-it-lies.bin', 'FloatStorage', kept, Float32Array.from(scale)],
    ['apart.bin', 'FloatStorage', spread, Float32Array.from(values)],
    ['wide.bin', 'DoubleStorage', spread, Float64Array.from(values)],
    ['halves/pytorch_model.bin', 'HalfStorage', kept, Uint16Array.from(scale, toFloat16)],
  ]
  for (const [file, storage, view, bytes] of files) {
    const pickle = stateDict([['scale', tensor({ storage, ...view })]])
    writeFileSync(join(folder, file), torchFile(pickle, { '0': new Uint8Array(bytes.buffer) }))
    const before = readFileSync(join(folder, file))
    expect(await losses(`of-${file.replaceAll('/', '-')}`, file.replace('/pytorch_model.bin', ''))).toEqual(
      wanted,
    )
    expect(readFileSync(join(folder, file)).equals(before)).toBe(true)
  }
  expect(
    readdirSync(join(folder, '.dcrc/cache/weights')).filter((name) => name !== '.gitignore'),
  ).toHaveLength(3)
})

test('what `ignore` names may be in the file; a pattern that matches nothing is a warning', async () => {
  const file = join(folder, 'fixed.safetensors')
  const extra = { name: 'a.position_ids', dtype: 'i64' as const, shape: [1], content: new BigInt64Array(1) }
  await writeSafetensors(file, [scaleTensor, extra])
  const events: RunEvent[] = []
  const run = (ignore: string[], runDir: string) =>
    runPipeline(regression({ scaleFrom: 'fixed.safetensors', ignore }), {
      ...options(),
      runDir: join(folder, runDir),
      onEvent: (event) => events.push(event),
    })
  expect((await run([], 'a')).status).toBe('failed')
  expect((await run(['*.position_ids'], 'b')).status).toBe('done')
  expect(events.filter(({ kind }) => kind === 'warning')).toEqual([])
  expect((await run(['*.position_ids', 'scal'], 'c')).status).toBe('done')
  expect(
    events.flatMap((e) => (e.kind === 'warning' ? [`${e.diagnostic.code}: ${e.diagnostic.message}`] : [])),
  ).toEqual([`run/ignore-idle: \`ignore "scal"\` of model \`fixed\` matches no unused tensor of ${file}`])
})

test('a hostile file is a diagnostic, and nothing of it runs', async () => {
  const file = join(folder, 'fixed.bin')
  const run = Buffer.concat([
    op.global('posix', 'system'),
    op.mark,
    op.text('touch ran'),
    op.tuple,
    op.reduce,
  ])
  writeFileSync(file, torchFile(stateDict([['scale', run]])))
  expect(await problems('fixed.bin')).toEqual([
    `run/weights-refused: ${file} is refused: in its pickle, it imports \`posix.system\`; a weight file holds tensors and plain values alone`,
  ])
  expect(existsSync('ran')).toBe(false)
})

test('a damaged file is a diagnostic', async () => {
  const file = join(folder, 'fixed.safetensors')
  await writeSafetensors(file, [scaleTensor])
  truncateSync(file, readFileSync(file).length - 2)
  expect(await problems('fixed.safetensors')).toEqual([
    `run/weights-corrupt: ${file} is damaged: "scale" ends at byte 12 of 10: the file is cut or corrupt`,
  ])
})

test('a file that is removed while the run goes on is a diagnostic, and the run can go on when it is back', async () => {
  const file = join(folder, 'fixed.safetensors')
  writeOdd(file)
  const bytes = readFileSync(file)
  const artefact = regression({ scaleFrom: 'fixed.safetensors', stages: ['first', 'second'] })
  const result = await runPipeline(artefact, {
    ...options(),
    onEvent: (event) => event.kind === 'checkpoint' && rmSync(file),
  })
  if (result.status !== 'failed') throw new Error(result.status)
  expect(result.diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([
    `run/weights-changed: the weights of model \`fixed\` changed while the run used them: ${file}`,
  ])
  writeFileSync(file, bytes)
  expect((await runPipeline(artefact, { ...options(), resume: true })).status).toBe('done')
})

test('a data set without rows is a diagnostic', async () => {
  writeOdd(join(folder, 'fixed.safetensors'))
  expect(await problems('fixed.safetensors', { openDataset: async () => points(0) })).toEqual([
    'run/data-empty: data `points` has no rows',
  ])
})

test('an artefact that is absent, damaged, of another version or target is a diagnostic', async () => {
  const compiled = join(folder, 'compiled')
  const codes = async (): Promise<string[]> => {
    const result = await runPipeline(compiled, options())
    return result.status === 'failed'
      ? result.diagnostics.map((d) => `${d.code}: ${d.message}`)
      : [result.status]
  }
  const manifest = join(compiled, 'manifest.json')
  expect(await codes()).toEqual([`run/artefact: cannot run this: ${manifest} does not exist`])

  const artefact = regression()
  mkdirSync(compiled)
  writeFileSync(manifest, '{"version": 1')
  expect(await codes()).toEqual([`run/artefact: cannot run this: ${manifest} is not JSON`])
  writeFileSync(manifest, JSON.stringify({ ...artefact.manifest, version: 0 }))
  expect((await codes())[0]).toMatch(
    /^run\/artefact: cannot run this: .* is no manifest of this version \(version: /,
  )
  writeFileSync(manifest, JSON.stringify(artefact.manifest))
  expect(await codes()).toEqual([`run/artefact: cannot run this: ${compiled}/first.step.onnx does not exist`])
  for (const [name, bytes] of artefact.files) writeFileSync(join(compiled, name), bytes)
  expect(await codes()).toEqual(['done'])
  const other = artefactOf(artefact.files, { ...artefact.manifest, target: 'abacus' })
  writeFileSync(manifest, JSON.stringify(other.manifest))
  expect(await codes()).toEqual([
    'run/target: this was compiled for abacus; the runner runs on cpu, cuda, cuda-tf32',
  ])

  writeFileSync(manifest, JSON.stringify({ ...artefact.manifest, seed: 8 }))
  expect(await codes()).toEqual([`run/artefact: cannot run this: ${manifest} is not as it was compiled`])
  writeFileSync(manifest, JSON.stringify(artefact.manifest))
  for (const [name, bytes] of artefact.files)
    for (const damaged of [
      bytes.slice(0, -7),
      new Uint8Array(),
      bytes.map((b, i) => (i === 40 ? b ^ 1 : b)),
    ]) {
      writeFileSync(join(compiled, name), damaged)
      expect(await codes()).toEqual([
        `run/artefact: cannot run this: ${compiled}/${name} is damaged: it is not as it was compiled`,
      ])
      writeFileSync(join(compiled, name), bytes)
    }
})

describe('values that are not finite', () => {
  /** A million numbers of which three are none, in several pieces of what is read at once. */
  const spoilt = new Float32Array(5 * 1024 * 1024).fill(0.5)
  const [first, second, third] = [1024 * 1024 * 4 + 7, 1024 * 1024 * 4 + 8, 1024 * 1024 * 5 - 1]
  spoilt[first] = -Infinity
  spoilt[second] = NaN
  spoilt[third] = Infinity

  const given = (content: ArrayBufferView, dtype: 'f32' | 'f16' | 'f64' | 'bf16') =>
    writeSafetensors(join(folder, 'fixed.safetensors'), [{ ...scaleTensor, dtype, content }])
  const told = async (
    artefact = regression({ scaleFrom: 'fixed.safetensors' }),
  ): Promise<readonly string[]> => {
    const events: RunEvent[] = []
    const result = await runPipeline(artefact, { ...options(), onEvent: (event) => events.push(event) })
    rmSync(join(folder, 'run'), { recursive: true, force: true })
    const errors = result.status === 'failed' ? result.diagnostics : []
    const warnings = events.flatMap((event) => (event.kind === 'warning' ? [event.diagnostic] : []))
    return [...warnings, ...errors].map(({ code, message }) => `${code}: ${message}`)
  }
  const file = (): string => join(folder, 'fixed.safetensors')

  test('are named with file, tensor, count and place, in every float type', async () => {
    const bits = (values: readonly number[]) => Uint16Array.from(values)
    const cases: [ArrayBufferView, Parameters<typeof given>[1], string | undefined][] = [
      [Float32Array.of(1, NaN, -Infinity), 'f32', '2 of 3, the first NaN at [1]'],
      [Float32Array.of(-Infinity, NaN, 1), 'f32', '2 of 3, the first -Infinity at [0]'],
      [Float32Array.of(3.4e38, -3.4e38, 1e-45), 'f32', undefined],
      [Float64Array.of(1, 2, NaN), 'f64', '1 of 3, the first NaN at [2]'],
      [Float64Array.of(1, -Infinity, 2), 'f64', '1 of 3, the first -Infinity at [1]'],
      [bits([0x7bff, 0x7c00, 0x7c01]), 'f16', '2 of 3, the first Infinity at [1]'],
      [bits([0x7f7f, 0x7fc0, 0x0001]), 'bf16', '1 of 3, the first NaN at [1]'],
    ]
    for (const [content, dtype, words] of cases) {
      await given(content, dtype)
      const message = `${file()} holds values of model \`fixed\` that are not finite: \`scale\`, ${words}`
      const found = (await told()).filter((text) => text.startsWith('run/weights-not-finite'))
      expect(found).toEqual(words === undefined ? [] : [`run/weights-not-finite: ${message}`])
    }
  })

  test('are found in every piece of a file', async () => {
    await writeSafetensors(file(), [
      { name: 'a', dtype: 'f32', shape: [5, 1024, 1024], content: spoilt },
      { name: 'b', dtype: 'f32', shape: [5, 1024, 1024], content: spoilt.map((v) => (v === 0.5 ? v : 1)) },
    ])
    const { tensors } = await openSafetensors(file())
    const found = await notFinite([...tensors.values()], join(folder, 'cache'))
    expect([...found]).toEqual([['a', { count: 3, at: [4, 0, 7], value: '-Infinity' }]])
  })

  test('are an error where a stage trains them, and may be allowed where none does', async () => {
    await given(Float32Array.of(1, NaN, 2), 'f32')
    const { manifest, files } = regression({ scaleFrom: 'fixed.safetensors' })
    const allowed = [{ code: 'run/weights-not-finite', reason: 'a mask', stage: null }]
    // the loss is no number all the same
    expect(await told(artefactOf(files, { ...manifest, allowed }))).toEqual([
      expect.stringMatching(/^run\/not-finite: /),
    ])
    const trained = [{ model: 'fixed', path: 'scale', shape: [3], group: 0 }]
    const stages = manifest.stages.map((stage) => ({
      ...stage,
      updates: stage.updates.map((update) => ({ ...update, trained: [...update.trained, ...trained] })),
    }))
    expect(await told(artefactOf(files, { ...manifest, allowed, stages }))).toEqual([
      expect.stringMatching(
        /^run\/trained-not-finite: .*`scale`, 1 of 3, the first NaN at \[1\]; a stage trains them/,
      ),
    ])
    expect(existsSync(join(folder, 'run'))).toBe(false)
  })

  test('are looked for once, and again when the file has changed', async () => {
    await given(Float32Array.of(1, 2, 3), 'f32')
    expect(await told()).toEqual([])
    const kept = join(folder, '.dcrc/cache/contents')
    const before = readdirSync(kept)
    expect(await told()).toEqual([])
    expect(readdirSync(kept)).toEqual(before)
    await given(Float32Array.of(1, NaN, 3), 'f32')
    expect((await told())[0]).toMatch(/the first NaN at \[1\]/)
  })
})
