import { createHash } from 'node:crypto'
import { canonical } from '../../json/canonical.js'
import { readSettings } from '../../settings.js'
import declared from '../../sources/class-prompts.js'
import { DataInvalid, type Row, type SourceOpener } from './dataset.js'

const place = '{c}'

const classPrompts = {
  name: declared.name,
  async open(settings) {
    const read = readSettings(settings, declared.parameters)
    const [classes, templates] = [read.strings('classes'), read.strings('templates')]
    const without = templates.find((template) => !template.includes(place))
    if (without !== undefined)
      throw new DataInvalid(
        `the template ${JSON.stringify(without)} names no class`,
        `write ${place} where the name stands`,
      )
    const twice = classes.find((name, k) => classes.indexOf(name) !== k)
    if (twice !== undefined)
      throw new DataInvalid(
        `there are two classes ${JSON.stringify(twice)}`,
        'prompts of one name tell no classes apart',
      )
    return {
      length: classes.length * templates.length,
      fingerprint: createHash('sha256')
        .update(canonical([classes, templates]))
        .digest('hex'),
      names: new Map([['label', classes]]),
      row(index): Row {
        const label = Math.floor(index / templates.length)
        const name = classes[label] ?? ''
        const prompt = (templates[index % templates.length] ?? '').replaceAll(place, () => name)
        return { prompt, label: BigInt64Array.of(BigInt(label)), class: name }
      },
    }
  },
} satisfies SourceOpener

export default classPrompts
