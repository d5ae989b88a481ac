import { describe, expect, it } from 'vitest'
import onnxProto from 'onnx-proto'
import { DiskFiles } from '../../src/cli/files.js'
import type { Files } from '../../src/compiler/2-resolve/program.js'
import { graphsOfStage } from '../../src/artefact/stage-parts.js'
import { manifestSchema } from '../../src/artefact/schema.js'
import { compile } from '../../src/compiler/index.js'
import { readLibrary } from '../check/analyze.js'

/** Two stages: the second reads what the first trains. */
const source = `
use std.losses { accuracy, cross_entropy }
use std.nn { Linear }

module Reader(width: int) {
  hidden = Linear(3 * 8 * 8, width)
  out = Linear(width, 10)
  fn forward(image: float[n, 3, 8, 8]) -> float[n, 10] = out(relu(hidden(flatten(image, 1))))
}

pipeline digits {
  data train = mnist(split = "train", size = 8) rows 4 {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  model reader = Reader(width = 4)
  let logits = reader(train.image)
  let digit = train.digit
  loss surprise = cross_entropy(logits, digit)
  stage first {
    train reader.hidden
    minimize surprise
    optimizer adamw(lr = 1e-3)
    steps 5
    monitor correct = accuracy(logits, digit) every 10
  }
  stage second {
    train reader.out
    minimize surprise
    optimizer sgd(lr = 1e-2)
    steps 5
  }
  export reader
}
`

function artefactOf(text: string, seed = 0) {
  const disk = new DiskFiles(process.cwd())
  const files: Files = { read: (path) => (path === 'digits.dcr' ? text : disk.read(path)) }
  const { diagnostics, artefact } = compile({ entry: 'digits.dcr', files, seed })
  if (!artefact) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return artefact
}

const hashes = (text: string, seed?: number): readonly string[] =>
  artefactOf(text, seed).manifest.stages.map((s) => s.hash)

describe('the artefact', () => {
  const artefact = artefactOf(source)

  it('is the same, byte for byte, for the same source', () => {
    const again = artefactOf(source)
    expect(JSON.stringify(again.manifest)).toBe(JSON.stringify(artefact.manifest))
    expect([...again.files]).toEqual([...artefact.files])
  })

  it('has a manifest that its own schema accepts and whose files are all there', () => {
    const manifest = manifestSchema.parse(JSON.parse(JSON.stringify(artefact.manifest)))
    const named = manifest.stages.flatMap(graphsOfStage).map(({ file }) => file)
    expect([...artefact.files.keys()].sort()).toEqual(named.sort())
  })

  it('contains no absolute path and no date', () => {
    const text = JSON.stringify(artefact.manifest)
    expect(text).not.toContain(process.cwd())
    expect(text).not.toMatch(/20\d\d-\d\d-\d\d/)
  })

  it('maps every node to its place in the source', () => {
    const { places, nodes } = artefact.manifest.source_map
    expect(Object.keys(nodes).sort()).toEqual([...artefact.files.keys()].sort())
    for (const place of places) expect(place).toMatch(/^(digits|std\/\w+)\.dcr:\d+:\d+$/)
    expect(new Set(places).size).toBe(places.length)
    const nodesOf = (
      file: string,
    ): readonly { readonly name?: string | null; readonly opType?: string | null }[] =>
      onnxProto.onnx.ModelProto.decode(artefact.files.get(file) ?? new Uint8Array()).graph?.node ?? []
    for (const file of artefact.files.keys()) {
      expect(nodes[file]).toHaveLength(nodesOf(file).length)
      nodesOf(file).forEach(({ name, opType }, k) => expect(name).toBe(`${opType}_${k}`))
    }
    // forward and backward, products are where the library says `linear`
    const before = (readLibrary('std/nn.dcr') ?? '').split('linear(x, weight')[0]?.split('\n') ?? []
    const linear = `std/nn.dcr:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
    const products = nodesOf('first.step.onnx').flatMap(({ opType }, k) =>
      /Gemm|MatMul/.test(opType ?? '') ? [places[(nodes['first.step.onnx'] ?? [])[k] ?? -1]] : [],
    )
    expect(products.length).toBeGreaterThan(2)
    expect(new Set(products)).toEqual(new Set([linear]))
  })
})

describe('a stage hash', () => {
  const [first, second] = hashes(source)

  it('ignores comments, formatting, names of lets, monitors, steps of later stages and the seed, which a run may change', () => {
    const renamed = source.replaceAll('surprise', 'astonishment')
    expect(hashes(`// a comment\n${renamed.replace('steps 5', '\n\n steps   5')}`)).toEqual([first, second])
    expect(hashes(source.replace(/monitor.*\n/, '\n'))).toEqual([first, second])
    expect(hashes(source, 1)).toEqual([first, second])
    const later = hashes(source.replace(/sgd\(lr = 1e-2\)\n {4}steps 5/, 'sgd(lr = 1e-2)\n    steps 6'))
    expect(later[0]).toBe(first)
    expect(later[1]).not.toBe(second)
  })

  it('changes with what changes the result, and then that of the stages that read it changes too', () => {
    const edits = [
      source.replace('lr = 1e-3', 'lr = 2e-3'),
      source.replace('steps 5', 'steps 6'),
      source.replace('minimize surprise', 'minimize 2 * surprise'),
      source.replace('split = "train"', 'split = "test"'),
      source.replace('width = 4', 'width = 5'),
      source.replace('relu', 'tanh'),
    ]
    for (const edit of edits) {
      expect(edit).not.toBe(source)
      const [a, b] = hashes(edit)
      expect(a).not.toBe(first)
      expect(b).not.toBe(second)
    }
  })
})
