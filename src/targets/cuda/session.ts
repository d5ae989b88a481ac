import type { SessionModel } from '../session.js'

/** A node that is not on the device is an error: its operands would cross the bus, unseen. */
export const session = {
  provider: 'cuda',
  options: {
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    logSeverityLevel: 4,
    extra: {},
  },
  entries: () => ({ disable_cpu_ep_fallback: '1' }),
} as const satisfies SessionModel
