// Written by `npm run generate` from the files of this folder.
import oneHot from './one-hot.js'
import tile from './tile.js'
import trilu from './trilu.js'
import type { Composite } from '../operator.js'

export const composites: readonly Composite[] = [oneHot, tile, trilu].flat()
