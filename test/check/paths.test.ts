import { expect, it } from 'vitest'
import { analyzeSources } from './analyze.js'

/** What a pipeline of two files reads, from where: the second stands in a folder of its own. */
function paths(settings: Readonly<Record<string, string>> = {}): readonly unknown[] {
  const base = `use std.nn { Linear }
pipeline base {
  param folder: string = "./shards"
  data own = image_folder(folder) rows 2 { image: f32[3, 8, 8] = centre_crop(image, 8) }
  data above = image_folder("../shards") rows 2 { image: f32[3, 8, 8] = centre_crop(image, 8) }
  data rooted = image_folder("shards") rows 2 { image: f32[3, 8, 8] = centre_crop(image, 8) }
  data absolute = image_folder("/data/shards") rows 2 { image: f32[3, 8, 8] = centre_crop(image, 8) }
  data words = emoji_art(size = 8) rows 2 { ids: i64[8] = word_tokens(name, length = 8, vocabulary = "./words.txt") }
  model near = Linear(192, 4) from "./weights/" + "near"
  model far = Linear(192, 4) from "weights/far"
  let all = [flatten(d.image, 1) for d in [own, above, rooted, absolute]]
  evaluate one = average(value = mean(near(all[0]) + near(all[1]) + far(all[2]) + far(all[3])) + mean(cast(words.ids, f32)))
}`
  const files = {
    'main.dcr': 'use "./lib/base.dcr" { base }\npipeline p extends base {}',
    'lib/base.dcr': base,
  }
  const { lowered, diagnostics } = analyzeSources(files, settings)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return [
    ...(lowered?.data ?? []).flatMap(({ parts }) =>
      parts.map(
        ({ rows, values }) => (rows.kind === 'source' ? rows.arguments['folder'] : undefined) ?? values,
      ),
    ),
    ...(lowered?.models ?? []).map(({ from }) => from),
  ]
}

it('./ and ../ begin at the file in which a text stands, other relative paths at the root; absolute ones stay', () => {
  const [own, above, rooted, absolute, words, near, far] = paths()
  expect([own, above, rooted, absolute]).toEqual(['lib/shards', 'shards', 'shards', '/data/shards'])
  expect(words).toMatchObject([{ arguments: { vocabulary: { value: 'lib/words.txt' } } }])
  expect([near, far]).toEqual(['lib/weights/near', 'weights/far'])
})

it('a path of the command line stands in no file, and begins at the root', () => {
  expect(paths({ folder: './elsewhere' })[0]).toBe('elsewhere')
})
