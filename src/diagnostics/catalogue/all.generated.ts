// Written by `npm run generate` from the files of this folder.
import * as ablation from './ablation.js'
import * as adapter from './adapter.js'
import * as allow from './allow.js'
import * as config from './config.js'
import * as data from './data.js'
import * as evaluate from './evaluate.js'
import * as experiment from './experiment.js'
import * as exporting from './exporting.js'
import * as fetch from './fetch.js'
import * as file from './file.js'
import * as gradient from './gradient.js'
import * as model from './model.js'
import * as name from './name.js'
import * as onnx from './onnx.js'
import * as pipeline from './pipeline.js'
import * as run from './run.js'
import * as runData from './run-data.js'
import * as runFolder from './run-folder.js'
import * as runWeights from './run-weights.js'
import * as stage from './stage.js'
import * as state from './state.js'
import * as store from './store.js'
import * as syntax from './syntax.js'
import * as target from './target.js'
import * as tokenizer from './tokenizer.js'
import * as type from './type.js'

export const files: readonly object[] = [
  ablation,
  adapter,
  allow,
  config,
  data,
  evaluate,
  experiment,
  exporting,
  fetch,
  file,
  gradient,
  model,
  name,
  onnx,
  pipeline,
  run,
  runData,
  runFolder,
  runWeights,
  stage,
  state,
  store,
  syntax,
  target,
  tokenizer,
  type,
]
