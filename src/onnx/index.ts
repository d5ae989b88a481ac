/** Reading ONNX files: `readModel` gives a function, `translate` writes it with a builder. */
export { type FileInput, type OnnxModel, readModel } from './model.js'
export { type OnnxFault, OnnxProblem } from './problem.js'
export type { FileTensor, Place, ReadExternal } from './tensor.js'
export { checkSupported } from './supported.js'
export { translate } from './translate.js'
