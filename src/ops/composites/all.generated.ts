// Written by `npm run generate` from the files of this folder.
import depthSpace from './depth-space.js'
import einsum from './einsum.js'
import normalizations from './normalizations.js'
import oneHot from './one-hot.js'
import reductions from './reductions.js'
import tile from './tile.js'
import trilu from './trilu.js'
import units from './units.js'
import type { Composite } from '../operator.js'

export const composites: readonly Composite[] = [
  depthSpace,
  einsum,
  normalizations,
  oneHot,
  reductions,
  tile,
  trilu,
  units,
].flat()
