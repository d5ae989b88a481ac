import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Artefact } from '../../src/artefact/manifest.js'
import { graphsOf } from '../../src/artefact/graphs-of.js'
import type { Value } from '../../src/graph/graph.js'
import { tensor } from '../../src/graph/types.js'
import { withFieldLimits } from '../../src/compiler/4-lower/field-limits.js'
import { Builder } from '../../src/graph/builder.js'
import { roleOf } from '../../src/graph/roles.js'
import { readModel } from '../../src/onnx/protobuf.js'
import { runPipeline } from '../../src/runtime/run.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: an index that comes from data and lies outside of what it picks from ends a run with the data set, the field, the
 * row, the value, the limit and the line of the program, as PyTorch ends with an IndexError; one below 0 does not count
 * from the end. What is inside trains.
 */

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-limits-'))
  writeFileSync(join(folder, 'words.txt'), 'red\ngreen\nblue\n')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A stage that minimizes a value. */
const stage = (value: string): string =>
  program(`stage s {
    train e, line
    minimize mean(square(e(constant([0])))) + mean(square(line(x))) + ${value}
    optimizer sgd(lr = 0.01)
    steps 2
  }`)

const program = (items: string): string => `use std.losses { cross_entropy }
use std.nn { Embedding, Linear }
pipeline p {
  data d = emoji_art(size = 8) rows 4 {
    image: f32[3, 8, 8] = image
    label: i64[] = concept
    ids: i64[3] = word_tokens(name, length = 3, vocabulary = "words.txt")
  }
  model e = Embedding(5, 2)
  model line = Linear(2, 5)
  let x = draw normal of [4, 2]
  let table = constant([[1.0], [2.0], [3.0], [4.0], [5.0]])
  ${items}
}`

/** Runs with these labels, of which every batch has all. */
const runWith = (artefact: Artefact, labels: readonly number[], names = 'red green') =>
  runPipeline(artefact, {
    root: folder,
    runDir: join(folder, `run-${count++}`),
    threads: 1,
    openDataset: async () => ({
      length: labels.length,
      fingerprint: 'labels',
      row: (k) => ({
        image: new Float32Array(3 * 8 * 8),
        concept: BigInt64Array.of(BigInt(labels[k] ?? 0)),
        name: names,
      }),
    }),
  })

async function outcome(artefact: Artefact, labels: readonly number[], names?: string) {
  const result = await runWith(artefact, labels, names)
  if (result.status !== 'failed') return result.status
  const [first, ...others] = result.diagnostics
  expect(others).toEqual([])
  return `${first?.code}: ${first?.message}`
}
let count = 0

/** With a label in row 2. */
const withLabel = (artefact: Artefact, label: number) => outcome(artefact, [0, 1, label, 3])
const outside = (value: number, takes: string, line = 15, column?: number): unknown =>
  expect.stringMatching(
    new RegExp(
      `^run/outside: \`d\\.label\` of row 2 is ${value}: test\\.dcr:${line}:${column ?? '\\d+'} takes ${takes}$`,
    ),
  )

describe('an index from data', () => {
  const kinds: Readonly<Record<string, string>> = {
    'of an embedding': 'mean(e(d.label))',
    'of `take`': 'mean(take(table, d.label))',
    'of `take` along another axis': 'mean(take(line(x), d.label, axis = 1))',
    'of `take_along`': 'mean(take_along(line(x), d.label[:, None], axis = 1))',
    'of an element type of its own': 'mean(take(table, cast(d.label, i32)))',
    'through views and joins': 'mean(e(concat([d.label[1:], reshape(d.label, [2, 2])[0]])))',
    'of `one_hot`': 'mean(one_hot(d.label, 5) * line(x))',
    'in pairs': 'mean(e(d.label[i]) * e(d.label[j]) for i, j in 4)',
    'in a loop': 'mean(stop_gradient(iterate(2, x, fn(v, k) = v + e(d.label))))',
    'behind a condition on another one': 'mean(where(d.label > 2, mean(e(d.label)), 0.0))',
  }
  it.each(Object.entries(kinds))('%s', async (_, value) => {
    const artefact = compileText(stage(value))
    expect(await withLabel(artefact, 4)).toBe('done')
    for (const label of [5, -1]) expect(await withLabel(artefact, label)).toEqual(outside(label, '0 to 4'))
  })

  it('of a table behind an offset has the limits before it', async () => {
    const artefact = compileText(stage('mean(take(table, 2 + d.label - 1))'))
    for (const label of [-1]) expect(await outcome(artefact, [0, 1, label, 2])).toBe('done')
    for (const label of [-2, 4])
      expect(await outcome(artefact, [0, 1, label, 2])).toEqual(outside(label, '-1 to 3'))
  })

  it('of a class is one of them, or that which is left out', async () => {
    const usual = compileText(stage('cross_entropy(line(x), d.label)'))
    for (const label of [4, -100]) expect(await withLabel(usual, label)).toBe('done')
    for (const label of [5, -1])
      expect(await withLabel(usual, label)).toEqual(outside(label, '0 to 4, or -100'))
    const other = compileText(stage('cross_entropy(line(x), d.label, ignore_index = 255)'))
    expect(await withLabel(other, 255)).toBe('done')
    expect(await withLabel(other, -100)).toEqual(outside(-100, '0 to 4, or 255'))
  })

  it('is a token id of the text of a row', async () => {
    const fits = 'mean(e(d.ids))'
    const sized = (size: number) =>
      compileText(stage(fits).replace('Embedding(5, 2)', `Embedding(${size}, 2)`))
    expect(await outcome(sized(7), [0, 1, 2, 3])).toBe('done')
    const small = sized(6)
    expect(await outcome(small, [0, 1, 2, 3])).toMatch(
      /^run\/outside: `d\.ids` of row \d is 6: test\.dcr:15:\d+ takes 0 to 5$/,
    )
  })

  it('names the place of the call in the program, though the library reads by it', async () => {
    const artefact = compileText(stage('mean(e(d.label))'))
    const column = stage('mean(e(d.label))').split('\n')[14]?.indexOf('e(d.label)') ?? 0
    expect(await withLabel(artefact, 7)).toEqual(outside(7, '0 to 4', 15, column + 1))
  })

  it.each([
    ['of batches', 'evaluate m = average(value = mean(e(d.label)), batches = 1)'],
    ['of rows', 'evaluate m = classification(logits = line(e(d.label)), label = d.label)'],
  ])('of an evaluation %s', async (_, item) => {
    const artefact = compileText(program(item))
    expect(await withLabel(artefact, 2)).toBe('done')
    expect(await withLabel(artefact, -3)).toEqual(outside(-3, '0 to 4', 13))
  })
})

describe('an index that is computed', () => {
  const ops = (artefact: Artefact): readonly string[] =>
    graphsOf(artefact.manifest).flatMap(({ file }) =>
      (readModel(artefact.files.get(file) ?? new Uint8Array()).graph?.node ?? []).flatMap(
        (n) => n.opType ?? [],
      ),
    )
  it.each([
    'mean(take(table, argmax(line(x), axis = 1)))',
    'mean(take(table, clip(d.label, 0, 4)))',
    'mean(take(table, minimum(maximum(d.label, 0), 4)))',
    'mean(take(table, mod(d.label, 5)))',
    'mean(take(table, where(d.label > 0, constant(4), constant(0))))',
    'mean(take(table, draw randint(0, 5) of [3]))',
    'mean(take(table, 1 + draw randint(0, 4) of [3]))',
    'mean(stop_gradient(iterate(5, x, fn(v, k) = v + take(table, k))))',
  ])('is not looked at where it is inside by what it is: %s', async (value) => {
    const artefact = compileText(stage(value))
    expect(ops(artefact)).not.toContain('Less')
    expect(await withLabel(artefact, 5_000)).toBe('done')
  })

  it.each([5, -1])('fails with its operator and line: %i', async (value) => {
    const artefact = compileText(stage(`mean(take(table, cast(0.1 * cast(d.label, f32), i64)))`))
    expect(await withLabel(artefact, 12)).toBe('done')
    expect(await withLabel(artefact, 10 * value)).toMatch(
      /^run\/graph-failed: `Gather` of test\.dcr:15:\d+ failed: /,
    )
  })

  it.each([
    ['of an embedding', 'mean(e(d.label * d.label))', /^`Gather` of test\.dcr:15:\d+ failed: /],
    [
      'of a class',
      'cross_entropy(line(x), d.label * d.label)',
      /: the loss is NaN the first that is not finite is `Where` of test\.dcr:15:\d+:/,
    ],
  ])('%s fails with the line of the program, though the library reads by it', async (_, value, message) => {
    const artefact = compileText(stage(value))
    expect((await runWith(artefact, [0, 1, 2, 0])).status).toBe('done')
    const result = await runWith(artefact, [0, 1, 3, 0])
    const [told] = result.status === 'failed' ? result.diagnostics : []
    expect(`${told?.message} ${told?.why}`).toMatch(message)
  })
})

describe('an index of an ONNX file', () => {
  /** The limits of the field by which something reads a table of some shape. */
  const limitsOf = (
    shape: readonly number[],
    indices: readonly number[],
    read: (b: Builder, table: Value, labels: Value) => Value,
  ) => {
    const b = new Builder()
    const role = { kind: 'batch', data: 'd', field: 'label' } as const
    const labels = b.input('labels', { dtype: 'i64', shape: indices }, role)
    const table = b.parameter('m', 'table', { dtype: 'f32', shape })
    const graph = b.finish('g', [{ name: 'y', value: read(b, table, labels) }])
    const [input] = withFieldLimits(graph, { locate: () => 'main.dcr:1:1', guards: true }).inputs
    const found = input && roleOf(input)
    expect(found).toMatchObject(role)
    return found?.kind === 'batch' ? found.limits : undefined
  }
  const five = [{ low: -5, below: 5, except: [], place: null }]

  it('keeps the meaning of ONNX: below 0 it counts from the end', () => {
    expect(limitsOf([5, 2], [4], (b, table, labels) => b.op('Gather', [table, labels]))).toEqual(five)
  })

  it('is a coordinate of GatherND and ScatterND, of axes of one size', () => {
    const gathered = (b: Builder, table: Value, labels: Value): Value => b.op('GatherND', [table, labels])
    const scattered = (b: Builder, table: Value, labels: Value): Value =>
      b.op('ScatterND', [table, labels, b.constant(tensor('f32', [4, 2], new Float64Array(8)))])
    expect(limitsOf([5, 2], [4, 1], gathered)).toEqual(five)
    expect(limitsOf([5, 5, 2], [4, 2], gathered)).toEqual(five)
    expect(limitsOf([5, 2], [4, 1], scattered)).toEqual(five)
    // each coordinate has limits of its own, which a field cannot have
    expect(limitsOf([5, 2], [4, 2], gathered)).toBeUndefined()
  })
})
