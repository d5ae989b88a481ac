import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { median } from './median.js'

/** How long `dcrc` takes as a user waits for it: whole processes, start to end. */
export interface CommandMeasure {
  readonly command: string
  readonly seconds: number
  readonly all: readonly number[]
}

/** The median of `times` runs of the built program; an empty Node process is measured beside it. */
export function measureCommands(
  commands: readonly (readonly string[])[],
  times: number,
): readonly CommandMeasure[] {
  const lines = [['-e', '0'], ...commands.map((c) => ['dist/cli/main.js', ...c])]
  const all = lines.map((): number[] => [])
  for (let k = 0; k < times; k++) {
    lines.forEach((line, i) => all[i]?.push(secondsOf(line)))
  }
  return lines.map((line, i) => {
    const seconds = all[i] ?? []
    return { command: `node ${line.slice(0, 3).join(' ')}`, seconds: median(seconds), all: seconds }
  })
}

function secondsOf(line: readonly string[]): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, line, { encoding: 'utf8' })
  const seconds = (performance.now() - start) / 1000
  if (status !== 0) throw new Error(`node ${line.join(' ')} ended with ${status}: ${stderr}`)
  return seconds
}
