import type { Schedule } from './schedule.js'

const constant: Schedule = {
  name: 'constant',
  doc: 'The learning rate stays as it is.',
  parameters: [],
  factor: () => 1,
}
export default constant
