// Written by `npm run generate` from the files of this folder.
import abs from './abs.js'
import add from './add.js'
import anchor from './anchor.js'
import argMax from './arg-max.js'
import averagePool from './average-pool.js'
import cached from './cached.js'
import cast from './cast.js'
import chunkSum from './chunk-sum.js'
import clip from './clip.js'
import comparisons from './comparisons.js'
import concat from './concat.js'
import conv from './conv.js'
import convTranspose from './conv-transpose.js'
import cos from './cos.js'
import cumSum from './cum-sum.js'
import differentiated from './differentiated.js'
import div from './div.js'
import dropoutMask from './dropout-mask.js'
import erf from './erf.js'
import exp from './exp.js'
import expand from './expand.js'
import exponentialUnits from './exponential-units.js'
import extremes from './extremes.js'
import finiteness from './finiteness.js'
import fusedMatmul from './fused-matmul.js'
import gather from './gather.js'
import gatherElements from './gather-elements.js'
import gatherNd from './gather-nd.js'
import gelu from './gelu.js'
import gemm from './gemm.js'
import gradient from './gradient.js'
import gridSample from './grid-sample.js'
import hardSwish from './hard-swish.js'
import hyperbolic from './hyperbolic.js'
import identity from './identity.js'
import layerNormalization from './layer-normalization.js'
import linearUnits from './linear-units.js'
import log from './log.js'
import logic from './logic.js'
import loop from './loop.js'
import matmul from './matmul.js'
import maxPool from './max-pool.js'
import mish from './mish.js'
import mod from './mod.js'
import mul from './mul.js'
import neg from './neg.js'
import nextState from './next-state.js'
import pad from './pad.js'
import pow from './pow.js'
import quickGelu from './quick-gelu.js'
import reciprocal from './reciprocal.js'
import reductions from './reductions.js'
import reshape from './reshape.js'
import resize from './resize.js'
import rounding from './rounding.js'
import scatterElements from './scatter-elements.js'
import scatterNd from './scatter-nd.js'
import sigmoid from './sigmoid.js'
import sign from './sign.js'
import sin from './sin.js'
import slice from './slice.js'
import softmax from './softmax.js'
import softplus from './softplus.js'
import softsign from './softsign.js'
import split from './split.js'
import sqrt from './sqrt.js'
import stateValue from './state-value.js'
import stopGradient from './stop-gradient.js'
import sub from './sub.js'
import tanh from './tanh.js'
import topK from './top-k.js'
import transpose from './transpose.js'
import trigonometry from './trigonometry.js'
import updated from './updated.js'
import where from './where.js'
import within from './within.js'
import type { Operator } from './operator.js'

export const operators: readonly Operator[] = [
  abs,
  add,
  anchor,
  argMax,
  averagePool,
  cached,
  cast,
  chunkSum,
  clip,
  comparisons,
  concat,
  conv,
  convTranspose,
  cos,
  cumSum,
  differentiated,
  div,
  dropoutMask,
  erf,
  exp,
  expand,
  exponentialUnits,
  extremes,
  finiteness,
  fusedMatmul,
  gather,
  gatherElements,
  gatherNd,
  gelu,
  gemm,
  gradient,
  gridSample,
  hardSwish,
  hyperbolic,
  identity,
  layerNormalization,
  linearUnits,
  log,
  logic,
  loop,
  matmul,
  maxPool,
  mish,
  mod,
  mul,
  neg,
  nextState,
  pad,
  pow,
  quickGelu,
  reciprocal,
  reductions,
  reshape,
  resize,
  rounding,
  scatterElements,
  scatterNd,
  sigmoid,
  sign,
  sin,
  slice,
  softmax,
  softplus,
  softsign,
  split,
  sqrt,
  stateValue,
  stopGradient,
  sub,
  tanh,
  topK,
  transpose,
  trigonometry,
  updated,
  where,
  within,
].flat()
