import { rise, warmup, zeroSteps } from './_warmup.js'
import type { Schedule } from './schedule.js'

const linearWarmup: Schedule = {
  name: 'linear_warmup',
  doc: 'The learning rate rises linearly over the first steps, then stays.',
  parameters: [{ name: warmup.name, of: warmup.of, doc: warmup.doc }, zeroSteps],
  factor: ({ warmup: steps = 0, zero_steps: zeros = 0 }, step) => rise(steps, zeros, step),
}
export default linearWarmup
