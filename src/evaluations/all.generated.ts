// Written by `npm run generate` from the files of this folder.
import average from './average.js'
import classification from './classification.js'
import clustering from './clustering.js'
import conditionGate from './condition-gate.js'
import detailProbe from './detail-probe.js'
import knn from './knn.js'
import linearProbe from './linear-probe.js'
import mmvpVlm from './mmvp-vlm.js'
import naturalbenchRetrieval from './naturalbench-retrieval.js'
import pictures from './pictures.js'
import retrieval from './retrieval.js'
import ridgeProbe from './ridge-probe.js'
import scatter from './scatter.js'
import tsne from './tsne.js'
import zeroShot from './zero-shot.js'
import type { EvaluationKind } from './kind.js'

export const evaluationKinds: readonly EvaluationKind[] = [
  average,
  classification,
  clustering,
  conditionGate,
  detailProbe,
  knn,
  linearProbe,
  mmvpVlm,
  naturalbenchRetrieval,
  pictures,
  retrieval,
  ridgeProbe,
  scatter,
  tsne,
  zeroShot,
].flat()
