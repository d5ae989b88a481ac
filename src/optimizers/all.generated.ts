// Written by `npm run generate` from the files of this folder.
import adamw from './adamw.js'
import sgd from './sgd.js'
import type { Optimizer } from './optimizer.js'

export const optimizers: readonly Optimizer[] = [adamw, sgd].flat()
