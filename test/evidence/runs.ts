import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { tableIn } from '../../src/report/evaluation-table.js'
import { type StepLine } from '../../src/runtime/metrics-line.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'

/** The lines of `metrics.jsonl` without what a clock says. */
export function metricsOf(run: string): readonly Omit<StepLine, 'step_ms' | 'data_ms'>[] {
  return readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { step_ms: _step, data_ms: _data, ...rest } = JSON.parse(line) as StepLine
      return rest
    })
}

export const evaluationsOf = (run: string): Record<string, Record<string, unknown>> =>
  tableIn(readFileSync(join(run, 'eval.json'), 'utf8')) ?? {}

/** Every file below a folder of a run, by its path. */
export function contentOf(run: string, folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(join(run, folder), { recursive: true, withFileTypes: true })
  const files = entries.flatMap((e) => (e.isFile() ? [join(e.parentPath, e.name)] : [])).sort()
  return new Map(files.map((file) => [file.slice(run.length), readFileSync(file).toString('base64')]))
}

/** The bytes of every tensor of a weight file, by its name. */
export async function tensorsOf(file: string): Promise<ReadonlyMap<string, string>> {
  const { tensors } = await openSafetensors(file)
  const read = [...tensors].map(
    async ([name, tensor]) => [name, Buffer.from(await readTensor(tensor)).toString('base64')] as const,
  )
  return new Map(await Promise.all(read))
}
