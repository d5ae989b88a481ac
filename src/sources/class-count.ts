import type { SettingParameter } from './source.js'

/** The number of classes, where a pipeline relies on it: it checks with no files present, and a run compares. */
export const classCount: SettingParameter = {
  name: 'classes',
  kind: 'int',
  default: 0,
  min: 0,
  doc: 'How many classes there are, so that a run stops where there are more or fewer; 0: any number.',
}
