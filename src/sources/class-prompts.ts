import { readSettings } from '../settings.js'
import { type DataSource, type SettingParameter, integer, text } from './source.js'

const parameters: readonly SettingParameter[] = [
  { name: 'classes', kind: 'strings', doc: 'The names of the classes, in the order of their numbers.' },
  {
    name: 'templates',
    kind: 'strings',
    default: ['a photo of a {c}.'],
    doc: 'Texts in which `{c}` stands for the name of a class.',
  },
]

/** The names and templates of known data sets are records of `std.prompts`. */
const classPrompts: DataSource = {
  name: 'class_prompts',
  doc: 'Texts for zero-shot classification: each class in each template, a row for each. `label` is the number of the class.',
  parameters,
  columns: () => ({ prompt: text, label: integer, class: text }),
  length(settings) {
    const read = readSettings(settings, parameters)
    return read.strings('classes').length * read.strings('templates').length
  },
}

export default classPrompts
