import { session as cpu } from './cpu/session.js'
import { session as cuda, sessionInTf32 } from './cuda/session.js'
import type { SessionModel } from './session.js'

/** What the runner needs of each target, by name: it loads no more than that. */
export const sessions: Readonly<Record<string, SessionModel>> = {
  cpu,
  cuda,
  'cuda-tf32': sessionInTf32,
}
