import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { analyze } from '../../src/compiler/index.js'
import { DiskBinaryFiles } from '../../src/runtime/binary-files.js'
import { blocksOf } from '../tools/tour.js'
import { fixtureFile } from './fixtures.js'

it("the example of docs/language.md trains what it says of torch's export of a CLIP tower", () => {
  const [, section = ''] = readFileSync('docs/language.md', 'utf8').split('### Imported models')
  const text = blocksOf(section).find((b) => b.language === 'dcr')?.text ?? ''
  const disk = new DiskFiles('.')
  const { diagnostics, lowered } = analyze({
    entry: 'p.dcr',
    files: {
      read: (path) =>
        path === 'p.dcr' ? text.replace('encoder.onnx', fixtureFile('onnx_clip_dynamo')) : disk.read(path),
      binary: new DiskBinaryFiles('/'),
    },
  })
  expect(diagnostics.map((d) => d.message)).toEqual([])
  const trained =
    lowered?.stages.flatMap((s) => s.updates.flatMap((u) => u.trained.map((p) => `${p.model}.${p.path}`))) ??
    []
  const second = 'encoder.model.vision_model.encoder.layers.1.'
  expect(trained.slice(0, 2)).toEqual(['head.weight', 'head.bias'])
  expect(trained.length).toBeGreaterThan(8)
  expect(trained.slice(2).filter((path) => !path.startsWith(second))).toEqual([])
})
