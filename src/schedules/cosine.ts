import { rise, warmup, zeroSteps } from './_warmup.js'
import type { Schedule } from './schedule.js'

const cosine: Schedule = {
  name: 'cosine',
  doc: 'After an optional linear warm-up, half a cosine from the full learning rate towards `final` times it, which it would reach one step after the last (Loshchilov and Hutter, arXiv 1608.03983, without restarts).',
  parameters: [warmup, { name: 'final', default: 0, doc: 'The factor at the end.' }, zeroSteps],
  factor({ warmup: rising = 0, final = 0, zero_steps: zeros = 0 }, step, steps) {
    const top = rising + Math.max(zeros, 1)
    if (step < top) return rise(rising, zeros, step)
    const done = Math.min(1, (step - top) / Math.max(1, steps + 1 - top))
    return final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * done))
  },
}
export default cosine
