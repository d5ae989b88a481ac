import { tableIn } from '../../src/report/evaluation-table.js'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What a run has left that does not depend on when it was: tensors, files of exports, measurements, lines without times. */
export function leftBy(run: string): Readonly<Record<string, unknown>> {
  const names = readdirSync(run, { recursive: true, encoding: 'utf8' }).sort()
  const hashes = names
    .filter((name) => /\.(safetensors|onnx)$/.test(name))
    .map((name): [string, unknown] => [name, hash(join(run, name))])
  const table = text(join(run, 'eval.json'))
  return {
    ...Object.fromEntries(hashes),
    evaluations: table === undefined ? {} : (tableIn(table) ?? 'damaged'),
    lines: lines(join(run, 'metrics.jsonl')),
  }
}

const text = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : undefined

const lines = (file: string): readonly unknown[] =>
  (text(file)?.split('\n') ?? []).map((line) => {
    const { step_ms: _step, data_ms: _data, ...rest } = JSON.parse(line) as Record<string, unknown>
    return rest
  })

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
