import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import classPrompts from '../../src/runtime/sources/class-prompts.js'
import { DataInvalid, DataMissing } from '../../src/runtime/sources/dataset.js'
import mmvpVlm from '../../src/runtime/sources/mmvp-vlm.js'
import naturalbenchRetrieval from '../../src/runtime/sources/naturalbench-retrieval.js'
import type { Json } from '../../src/artefact/json.js'
import { Project, png } from './project.js'

/*
 * Aim: small folders in the layouts that the authors publish, measured from file to score. A picture is seen as its mean
 * colour, a text by which of the words "red" and "blue" it holds, so that every score is known by hand.
 */
let project: Project
beforeEach(() => {
  project = new Project()
  project.write('words.txt', 'red\nblue\n')
})
afterEach(() => project.remove())

const red = { r: 250, g: 10, b: 0 }
const blue = { r: 0, g: 10, b: 250 }

const program = (data: string, evaluate: string): string => `pipeline p {
  ${data}
  fn seen(image) = mean(image, axis = [2, 3])
  fn read(ids) {
    fn count(id) = sum(cast(ids == id, f32), axis = 1, keep = true)
    concat([count(2), 0.0 * count(2), count(3)], axis = 1)
  }
  evaluate e = ${evaluate}
}`

const measured = async (data: string, evaluate: string): Promise<Readonly<Record<string, Json>>> => {
  const result = await project.run(program(data, evaluate))
  if (result.status === 'failed') throw new Error(result.diagnostics.map((one) => one.message).join('\n'))
  return result.status === 'done' ? (result.evaluations['start']?.['e'] ?? {}) : {}
}

const image = 'image: f32[3, 8, 8] = resize(image, [8, 8])'
const ids = (column: string): string =>
  `ids: i64[8] = word_tokens(${column}, length = 8, vocabulary = "words.txt")`

describe('mmvp_vlm', () => {
  const lines = ['Question ID,Type,Statement', '1,Orientation,a red thing', '2,Orientation,"blue, a thing"']
  const write = async (more: readonly string[] = []): Promise<void> => {
    project.write('set/Questions.csv', [...lines, ...more].join('\r\n'))
    project.write('set/MLLM_VLM Images/Orientation/1.jpg', await png(red))
    project.write('set/MLLM_VLM Images/Orientation/2.jpg', await png(blue))
  }
  const data = `data set = mmvp_vlm("set") { ${image}, ${ids('text')}, number: i64[] = number }`
  const kind = 'mmvp_vlm(image = seen(set.image), text = read(set.ids), number = set.number)'

  test('is scored by hand: one pair right, one whose statements are exchanged wrong', async () => {
    await write(['3,Camera Perspective,a blue thing', '4,Camera Perspective,a red thing'])
    project.write('set/MLLM_VLM Images/Camera Perspective/3.jpg', await png(red))
    project.write('set/MLLM_VLM Images/Camera Perspective/4.jpg', await png(blue))
    const metrics = await measured(data, kind)
    expect(metrics).toMatchObject({ accuracy: 0.5, orientation: 0.5, pairs: 2, right_pairs: 1 })
  })

  test('gives rows in the order of the file, statements behind "a photo of "', async () => {
    await write()
    const set = await mmvpVlm.open({ folder: 'set' }, project.root)
    expect(set.length).toBe(2)
    expect(set.row(1)).toMatchObject({
      statement: 'blue, a thing',
      text: 'a photo of blue, a thing',
      pattern: 'Orientation',
      number: BigInt64Array.of(2n),
    })
  })

  test('tells of missing pictures and files, of damaged lines, and of a pair that is incomplete', async () => {
    const open = () => mmvpVlm.open({ folder: 'set' }, project.root)
    await expect(open()).rejects.toThrow(DataMissing)
    await write(['3,Orientation,a thing'])
    await expect(open()).rejects.toThrow('has no picture 3.jpg')
    project.write('set/MLLM_VLM Images/Orientation/3.jpg', await png(red))
    await expect(measured(data, kind)).rejects.toThrow('3 rows are no pairs')
    await write(['3,Orientation'])
    await expect(open()).rejects.toThrow(DataInvalid)
  })
})

describe('naturalbench_retrieval', () => {
  const pair = (index: number, captions: readonly [string, string]) => ({
    index,
    image_0: 'images/red.png',
    image_1: 'images/blue.png',
    caption_0: captions[0],
    caption_1: captions[1],
  })
  const write = async (pairs: readonly unknown[]): Promise<void> => {
    project.write('set/metadata.json', JSON.stringify(pairs))
    project.write('set/images/red.png', await png(red))
    project.write('set/images/blue.png', await png(blue))
  }

  test('is scored by hand: right, exchanged, and two captions that say the same', async () => {
    await write([pair(0, ['red', 'blue']), pair(1, ['blue', 'red']), pair(2, ['red', 'red'])])
    const metrics = await measured(
      `data set = naturalbench_retrieval("set") { ${image}, ${ids('caption')}, pair: i64[] = pair }`,
      'naturalbench_retrieval(image = seen(set.image), text = read(set.ids), pair = set.pair)',
    )
    expect(metrics).toMatchObject({ pairs: 3, text_score: 1 / 3, image_score: 1 / 3, group_score: 1 / 3 })
  })

  test('tells of files that are no pairs, lie elsewhere or are missing', async () => {
    const open = () => naturalbenchRetrieval.open({ folder: 'set' }, project.root)
    await expect(open()).rejects.toThrow(DataMissing)
    await write([{ index: 1 }])
    await expect(open()).rejects.toThrow('is no list of pairs')
    await write([{ ...pair(0, ['red', 'blue']), image_0: '../red.png' }])
    await expect(open()).rejects.toThrow('leads out of the folder')
    await write([{ ...pair(0, ['red', 'blue']), image_0: 'images/green.png' }])
    await expect(open()).rejects.toThrow('is missing')
  })
})

describe('class_prompts', () => {
  const settings = { classes: ['red', 'blue'], templates: ['a {c} thing', 'the {c}.'] }

  test('are each class in each template, class by class', async () => {
    const set = await classPrompts.open(settings)
    const prompts = [0, 1, 2, 3].map((k) => set.row(k))
    expect(prompts.map(({ prompt, label }) => [prompt, Number((label as BigInt64Array)[0])])).toEqual([
      ['a red thing', 0],
      ['the red.', 0],
      ['a blue thing', 1],
      ['the blue.', 1],
    ])
    await expect(classPrompts.open({ ...settings, templates: ['a thing'] })).rejects.toThrow('names no class')
  })

  test('classify pictures of a folder by hand: three right of four', async () => {
    for (const [name, colour] of Object.entries({
      '0_red/1': red,
      '0_red/2': red,
      '1_blue/1': blue,
      '1_blue/2': red,
    }))
      project.write(`pets/${name}.png`, await png(colour))
    const metrics = await measured(
      `data set = image_folder("pets", classes = 2) { ${image}, label: i64[] = label }
       data prompts = class_prompts(classes = ["red", "blue"], templates = ["a {c} thing", "the {c}"]) {
         ${ids('prompt')}
         label: i64[] = label
       }`,
      'zero_shot(image = seen(set.image), label = set.label, text = read(prompts.ids), text_label = prompts.label)',
    )
    expect(metrics).toMatchObject({ accuracy: 0.75, class_accuracy: 0.75, prompts: 4, classes: 2 })
  })

  test('find pictures of a list of captions by hand', async () => {
    project.write('captions.csv', 'image,caption\na.jpg,"it is red, a thing"\na.jpg,blue\nb.jpg,blue\n')
    project.write('pictures/a.jpg', await png(red))
    project.write('pictures/b.jpg', await png(blue))
    const metrics = await measured(
      `data set = flickr30k("captions.csv", images = "pictures") { ${image}, ${ids('caption')}, of: i64[] = image_id }`,
      'retrieval(image = seen(set.image), image_id = set.of, text = read(set.ids), text_id = set.of, k = 1)',
    )
    // The second caption of the red picture finds the blue one; both pictures find a caption of their own.
    expect(metrics).toMatchObject({
      image_recall: expect.closeTo(2 / 3, 9),
      text_recall: 1,
      pictures: 2,
      captions: 3,
    })
  })
})
