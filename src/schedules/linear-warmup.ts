import { rise, warmup } from './_warmup.js'
import type { Schedule } from './schedule.js'

const linearWarmup: Schedule = {
  name: 'linear_warmup',
  doc: 'The learning rate rises linearly over the first steps, then stays.',
  parameters: [{ name: warmup.name, doc: warmup.doc }],
  factor: ({ warmup: steps = 0 }, step) => rise(steps, step),
}
export default linearWarmup
