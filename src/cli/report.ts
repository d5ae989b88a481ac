import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileSync } from '../disk.js'
import { experimentFile } from '../experiments/frozen.js'
import { resultsOf } from '../experiments/results.js'
import { compareRuns, sentences } from '../report/compare.js'
import { readRun } from '../report/read-run.js'
import { renderReport } from '../report/report.js'
import { runLabels } from '../report/run-summary.js'
import { textTable, wrap } from '../report/table.js'
import { exitCodes } from './exit-codes.js'
import { summarize } from './experiment.js'
import { commandLine } from './print.js'
import { experimentIn, newest } from './status.js'

export interface ReportOptions {
  readonly out?: string
}

/** `dcrc report`: the table and the page of an ablation's folder, or of runs that are named, as far as they are. */
export function report(folders: readonly string[], options: ReportOptions): number {
  const [only = newest()] = folders
  if (folders.length <= 1 && existsSync(join(only, experimentFile))) {
    const frozen = experimentIn(only)
    summarize(only, frozen, resultsOf(only, frozen), options.out)
    return exitCodes.done
  }
  const runs = folders.map((folder) => readRun(folder))
  const labels = runLabels(runs)
  const comparison = compareRuns(runs, labels)
  const width = process.stdout.columns ?? 100
  const out = options.out ?? 'report.html'
  const command = commandLine(['npx', 'dcrc', 'report', ...folders])
  const lines = [textTable(comparison, width), '', ...sentences(comparison).map((text) => wrap(text, width))]
  // what there is no room to write is shown all the same
  process.stdout.write(`${lines.join('\n')}\n`)
  writeFileSync(out, renderReport(runs, { commands: [command], labels, comparison }))
  process.stdout.write(`report: ${out}\n`)
  return exitCodes.done
}
