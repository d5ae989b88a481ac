// Written by `npm run generate` from the files of this folder.
import average from './average.js'
import classification from './classification.js'
import clustering from './clustering.js'
import conditionGate from './condition-gate.js'
import pictures from './pictures.js'
import ridgeProbe from './ridge-probe.js'
import scatter from './scatter.js'
import type { KindMeasure } from './measure.js'

export const measures: readonly KindMeasure[] = [
  average,
  classification,
  clustering,
  conditionGate,
  pictures,
  ridgeProbe,
  scatter,
].flat()
