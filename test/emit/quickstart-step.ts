import { cpu } from '../../src/targets/cpu/index.js'
import { DiskFiles } from '../../src/cli/files.js'
import { analyze } from '../../src/compiler/analyze.js'
import { differentiate } from '../../src/compiler/6-differentiate/step.js'
import { chunkingOf } from '../../src/compiler/passes/chunk-pairs/problems.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { optimizeUpdate } from '../../src/compiler/7-optimize/stage.js'
import type { Graph } from '../../src/graph/graph.js'
import { parametersAsInputs } from '../optimize/compare.js'

/**
 * The step of the quickstart's first stage, parameters fed as inputs. Each of the pictures of a batch is paired with
 * each; with `rows` the pairs are computed so many rows at a time.
 */
export function quickstartStep({ batch = 8, rows }: { batch?: number; rows?: number } = {}): Graph {
  const { lowered } = analyze({
    entry: 'pipelines/quickstart/quickstart.dcr',
    files: new DiskFiles(process.cwd()),
    settings: new Map([['batch', `${batch}`]]),
  })
  const [stage] = lowered?.stages[0]?.updates ?? []
  if (!stage) throw new Error('the quickstart has no stage')
  const chunking = rows === undefined ? {} : { chunking: chunkingOf(stage, rows) }
  const { graph } = optimizeForward(stage.graph, cpu, { ...chunking })
  return parametersAsInputs(optimizeUpdate(differentiate({ ...stage, graph }, cpu), cpu).step)
}
