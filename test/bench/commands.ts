import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { median } from './median.js'

/** What one process took, start to end. */
interface Usage {
  /** As a user waits for it. */
  readonly seconds: number
  /** Of all its threads, in user and system mode: what other load on the machine changes less. */
  readonly processor: number
  /** The most memory that it held. */
  readonly bytes: number
}

/** What `dcrc` takes as a user starts it: medians of whole processes. */
export interface CommandMeasure extends Usage {
  readonly command: string
  readonly all: readonly Usage[]
}

/** The medians of `times` runs of the built program, in turns; an empty Node process is measured beside it. */
export function measureCommands(
  commands: readonly (readonly string[])[],
  times: number,
): readonly CommandMeasure[] {
  const lines = [['-e', '0'], ...commands.map((c) => ['dist/cli/main.js', ...c])]
  const all = lines.map((): Usage[] => [])
  for (let k = 0; k < times; k++) {
    lines.forEach((line, i) => all[i]?.push(usageOf(line)))
  }
  return lines.map((line, i) => {
    const found = all[i] ?? []
    const middle = (part: keyof Usage): number => median(found.map((usage) => usage[part]))
    return {
      command: `node ${line.slice(0, 3).join(' ')}`,
      seconds: middle('seconds'),
      processor: middle('processor'),
      bytes: middle('bytes'),
      all: found,
    }
  })
}

function usageOf(line: readonly string[]): Usage {
  const start = performance.now()
  const { status, stderr, output } = spawnSync(process.execPath, ['-r', './test/bench/usage.cjs', ...line], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const seconds = (performance.now() - start) / 1000
  if (status !== 0) throw new Error(`node ${line.join(' ')} ended with ${status}: ${stderr}`)
  const { processor, bytes } = JSON.parse(output[3] ?? '') as Omit<Usage, 'seconds'>
  return { seconds, processor, bytes }
}
