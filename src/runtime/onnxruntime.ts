/** The only import of onnxruntime, so that it is loaded after `no-telemetry`. */
import './no-telemetry.js'

export { InferenceSession, Tensor, env } from 'onnxruntime-node'
