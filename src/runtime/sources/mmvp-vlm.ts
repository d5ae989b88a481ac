import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/mmvp-vlm.js'
import { encoded } from '../pictures/picture.js'
import { DataInvalid, DataMissing, type Row, type SourceOpener } from './dataset.js'
import { fingerprintOf } from './files/fingerprint.js'
import { readText } from './files/read-text.js'

const help =
  'https://huggingface.co/datasets/MMVP/MMVP_VLM holds Questions.csv (a number, a pattern and a statement a line) and the pictures, MLLM_VLM Images/Orientation/1.jpg'

/** The scripts' name of the folder, and that of the published readme. */
const pictureFolders = ['MLLM_VLM Images', 'MMVP_VLM_Images', 'MMVP_VLM Images']

interface Question {
  readonly number: number
  readonly pattern: string
  readonly statement: string
}

const mmvpVlm = {
  name: declared.name,
  async open(settings, root) {
    const folder = resolve(root, readSettings(settings, declared.parameters).string('folder'))
    const file = join(folder, 'Questions.csv')
    const questions = await questionsOf(readText(file, help), file)
    const pictures = picturesIn(folder)
    const without = questions.find(({ number }) => !pictures.has(number))
    if (without) throw new DataMissing(`${folder} has no picture ${without.number}.jpg`, help)
    const textOf = ({ number, pattern, statement }: Question): Row => ({
      number: BigInt64Array.of(BigInt(number)),
      pattern,
      statement,
      text: `a photo of ${statement}`,
    })
    return {
      length: questions.length,
      fingerprint: fingerprintOf(folder, ['Questions.csv', ...pictures.values()], {}),
      row(index) {
        const question = questions[index]
        const path = pictures.get(question?.number ?? NaN)
        if (!question || path === undefined) throw new RangeError(`no row ${index}`)
        return { image: encoded(join(folder, path), path), ...textOf(question) }
      },
      columns: async () => questions.map(textOf),
    }
  },
} satisfies SourceOpener

/** The lines behind the first one, which names the columns, in their order. */
async function questionsOf(text: string, file: string): Promise<readonly Question[]> {
  const { parse } = await import('csv-parse/sync')
  let lines: readonly (readonly string[])[]
  try {
    lines = parse(text, { bom: true, skip_empty_lines: true, relax_column_count: true })
  } catch (error) {
    throw new DataInvalid(
      `${file} is no table: ${error instanceof Error ? error.message : 'unreadable'}`,
      help,
    )
  }
  return lines.slice(1).map(([id = '', pattern = '', statement], k) => {
    const number = /^\d{1,6}$/.test(id.trim()) ? Number(id) : NaN
    if (Number.isNaN(number) || statement === undefined)
      throw new DataInvalid(`${file}, line ${k + 2}: no number, pattern and statement`, help)
    return { number, pattern: pattern.trim(), statement: statement.trim() }
  })
}

/** The picture of each number, by its path from the folder: `<pictures>/<pattern>/<number>.jpg`. */
function picturesIn(folder: string): ReadonlyMap<number, string> {
  const within = (path: string): readonly string[] => {
    try {
      return readdirSync(join(folder, path)).sort()
    } catch {
      return []
    }
  }
  const found = new Map<number, string>()
  for (const place of pictureFolders)
    for (const pattern of within(place))
      for (const name of within(`${place}/${pattern}`)) {
        const [, number] = /^(\d+)\.(?:jpg|jpeg|png)$/i.exec(name) ?? []
        if (number !== undefined && !found.has(Number(number)))
          found.set(Number(number), `${place}/${pattern}/${name}`)
      }
  if (found.size === 0)
    throw new DataMissing(`there are no pictures in ${join(folder, 'MLLM_VLM Images')}`, help)
  return found
}

export default mmvpVlm
