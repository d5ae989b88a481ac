import { cpu } from './cpu/index.js'
import { cuda, cudaTf32 } from './cuda/index.js'
import type { Target } from './target.js'

/** What can be compiled for; the first is taken where nothing is said. */
export const targets = [cpu, cuda, cudaTf32] as const satisfies readonly Target[]

export const defaultTarget: Target = targets[0]

export const targetNamed = (name: string): Target | undefined => targets.find((t) => t.name === name)
