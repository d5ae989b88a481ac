import { problemOfCApi } from '../runtime/executors/choose.js'
import { type Finding, note, ok } from './finding.js'

/** What runs graphs where nothing else is asked for. */
export async function inspectExecutor(): Promise<Finding> {
  const problem = await problemOfCApi()
  return problem === undefined
    ? ok('executor', "c-api: onnxruntime's C API, called through koffi")
    : note(
        'executor',
        `binding: onnxruntime's own for Node, since its C API cannot be used (${problem}); results are the same`,
        'npm install --include=optional',
      )
}
