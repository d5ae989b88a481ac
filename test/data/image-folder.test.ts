import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HostPool } from '../../src/runtime/host-pool.js'
import { DataInvalid, DataMissing } from '../../src/runtime/sources/dataset.js'
import imageFolder from '../../src/runtime/sources/image-folder.js'
import { Project, png } from './project.js'

let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

const colours = {
  cat: { r: 220, g: 40, b: 40 },
  dog: { r: 40, g: 60, b: 210 },
  Fox: { r: 60, g: 200, b: 60 },
}

/** Eight pictures of each class, with squares at different places. */
async function pictures(): Promise<void> {
  for (const [name, colour] of Object.entries(colours))
    for (let i = 0; i < 8; i++) project.write(`pets/${name}/${i}.png`, await png(colour, 20, 16, 2 + i))
}

const pipeline = (
  extra = '',
  image = 'random_horizontal_flip(random_resized_crop(image, 12, scale = (0.5, 1)))',
) => `
use std.losses { cross_entropy }
use std.nn { Conv2d, Linear }

module Net {
  conv = Conv2d(3, 8, 3, padding = 1)
  head = Linear(8, 3)
  fn forward(image: float[n, 3, 12, 12]) -> float[n, 3] = head(mean(relu(conv(image)), axis = [2, 3]))
}

pipeline pets {
  data train = image_folder("pets", classes = 3) rows 6 {
    image: f32[3, 12, 12] = ${image}
    label: i64[] = label
  }
  data all = image_folder("pets") {
    image: f32[3, 12, 12] = centre_crop(resize(image, 12), 12)
    label: i64[] = label
  }
  model net = Net()
  loss surprise = cross_entropy(net(train.image), train.label)
  stage learn {
    train net
    minimize surprise
    optimizer adamw(lr = 2e-2)
    steps 60
    ${extra}
  }
  evaluate test = classification(logits = net(all.image), label = all.label)
  export net
}
`

const losses = (run = 'run'): number[] =>
  readFileSync(project.path(`${run}/metrics.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { loss: number }).loss)

describe('a folder of pictures', () => {
  test('counts in epochs where the declaration says how many pictures there are, which a run compares', async () => {
    await pictures()
    const counted = (length: number): string =>
      pipeline().replace('classes = 3)', `classes = 3, length = ${length})`).replace('steps 60', 'epochs 0.5')
    // 24 pictures, 6 a step
    expect(await project.run(counted(24))).toMatchObject({ status: 'done' })
    expect(losses()).toHaveLength(2)
    const result = await project.run(counted(25), { runDir: project.path('other') })
    expect(result.status === 'failed' && result.diagnostics).toMatchObject([
      { code: 'run/data-missing', message: 'data `train`: image_folder found 24 rows, not 25' },
    ])
    const { diagnostics } = project.compile(pipeline().replace('steps 60', 'epochs 1'))
    expect(diagnostics).toMatchObject([{ code: 'stage/epochs', help: expect.stringContaining('length = ') }])
  })

  test('trains, is evaluated and exported', { timeout: 60_000 }, async () => {
    await pictures()
    const result = await project.run(pipeline())
    expect(result).toMatchObject({ status: 'done' })
    const evaluations = result.status === 'done' ? result.evaluations : {}
    expect(evaluations['learn']?.['test']).toMatchObject({ accuracy: 1 })
    expect(existsSync(project.path('run/export/net/model.safetensors'))).toBe(true)
  })

  test('a bad picture is left out and listed; many stop the run', { timeout: 60_000 }, async () => {
    await pictures()
    const whole = readFileSync(project.path('pets/cat/1.png'))
    writeFileSync(project.path('pets/cat/1.png'), whole.subarray(0, whole.length - 60))
    const result = await project.run(pipeline())
    expect(result.status).toBe('done')
    const listed = readFileSync(project.path('run/bad-samples.jsonl'), 'utf8').trimEnd().split('\n')
    const found = listed.map((line) => JSON.parse(line) as { data: string; sample: string })
    expect(found.map(({ data, sample }) => `${data} ${sample}`).toSorted()).toEqual([
      'all cat/1.png',
      'train cat/1.png',
    ])
    for (const name of Object.keys(colours)) writeFileSync(project.path(`pets/${name}/2.png`), 'no picture')
    writeFileSync(project.path('pets/dog/3.png'), 'no picture')
    const again = await project.run(pipeline(), { runDir: project.path('again'), badShare: 0.02 })
    expect(again).toMatchObject({ status: 'failed', diagnostics: [{ code: 'run/bad-samples' }] })
  })

  test(
    'has the same pixels whatever makes them, and after going on with another number of threads',
    { timeout: 90_000 },
    async () => {
      await pictures()
      await project.run(pipeline('save_every 20'))
      const pool = HostPool.shared()
      const three = new HostPool(3)
      Object.assign(HostPool, { pool: three })
      await project.run(pipeline('save_every 20'), { runDir: project.path('three') })
      Object.assign(HostPool, { pool })
      expect(losses('three')).toEqual(losses())
      const stop = new AbortController()
      const onEvent = (event: { kind: string; line?: { step: number } }): void => {
        if (event.kind === 'step' && event.line?.step === 31) stop.abort()
      }
      const runDir = project.path('stopped')
      const stopped = await project.run(pipeline('save_every 20'), { runDir, signal: stop.signal, onEvent })
      expect(stopped.status).toBe('stopped')
      Object.assign(HostPool, { pool: pool.size === 3 ? new HostPool(2) : three })
      await project.run(pipeline('save_every 20'), { runDir, resume: true })
      Object.assign(HostPool, { pool })
      expect(losses('stopped')).toEqual(losses())
      const weights = (of: string) => readFileSync(project.path(`${of}/export/net/model.safetensors`))
      expect(weights('stopped').equals(weights('run'))).toBe(true)
    },
  )
})

describe('image_folder', () => {
  const rows = async (settings: object) => imageFolder.open({ folder: 'pets', ...settings }, project.root)

  test('numbers the classes in the order of their names, capital letters first', async () => {
    await pictures()
    project.write('pets/.hidden/1.png', 'x')
    project.write('pets/cat/notes.md', 'x')
    project.write('pets/loose.png', 'x')
    const data = await rows({})
    expect(data.length).toBe(24)
    expect(data.names.get('label')).toEqual(['Fox', 'cat', 'dog'])
    expect(data.row(8)).toMatchObject({ name: 'cat/0.png', class: 'cat', label: BigInt64Array.of(1n) })
    const { fingerprint } = data
    project.write('pets/cat/0.png', 'another picture')
    expect((await rows({})).fingerprint).not.toBe(fingerprint)
  })

  test('captions lie beside the pictures', async () => {
    project.write('pets/a.jpg', 'x')
    project.write('pets/a.txt', ' a cat on a mat\n')
    project.write('pets/more/b.PNG', 'x')
    const data = await rows({ captions: true })
    expect(data.row(0)).toMatchObject({ name: 'a.jpg', caption: 'a cat on a mat' })
    expect(data.row(1)).toMatchObject({ name: 'more/b.PNG', caption: { kind: 'unreadable' } })
  })

  test('says what is missing or otherwise than declared', async () => {
    await expect(rows({})).rejects.toThrow(DataMissing)
    project.write('pets/loose.png', 'x')
    await expect(rows({})).rejects.toThrow(DataMissing)
    await pictures()
    await expect(rows({ classes: 4 })).rejects.toThrow(DataInvalid)
    await expect(rows({ classes: 4 })).rejects.toThrow('has 3 classes (Fox, cat, dog), not 4')
  })
})
