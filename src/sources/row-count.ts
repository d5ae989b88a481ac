import { readSettings } from '../settings.js'
import type { Settings } from '../artefact/json.js'
import type { SettingParameter } from './source.js'

/** The number of rows, where a pipeline counts in epochs: it checks with no files present, and a run compares. */
export const rowCount: SettingParameter = {
  name: 'length',
  kind: 'int',
  default: 0,
  min: 0,
  doc: 'How many rows there are, so that stages can count in `epochs`; a run stops where there are more or fewer. 0: known when they are read.',
}

/** The same of a stream, whose rows nobody counts. */
export const streamRowCount: SettingParameter = {
  ...rowCount,
  doc: 'How many rows there are, roughly, so that stages can count in `epochs`: a run does not count them. 0: not known.',
}

export function declaredLength(settings: Settings): number | undefined {
  const length = readSettings(settings, [rowCount]).number('length')
  return length === 0 ? undefined : length
}
