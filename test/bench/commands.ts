import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
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

/** A command line to measure. */
export interface Command {
  readonly name: string
  readonly line: readonly string[]
}

/** The medians of `times` runs of the built program, in turns; an empty Node process is measured beside it. */
export function measureCommands(
  commands: readonly (readonly string[])[],
  times: number,
): readonly CommandMeasure[] {
  const lines: readonly Command[] = [
    { name: 'node -e 0', line: ['-e', '0'] },
    ...commands.map((c) => ({ name: `dcrc ${c.slice(0, 2).join(' ')}`, line: ['dist/cli/main.js', ...c] })),
  ]
  const all = lines.map((): Usage[] => [])
  for (let k = 0; k < times; k++) {
    lines.forEach((line, i) => all[i]?.push(usageOf(line)))
  }
  return lines.map(({ name }, i) => {
    const found = all[i] ?? []
    const middle = (part: keyof Usage): number => median(found.map((usage) => usage[part]))
    return {
      command: name,
      seconds: middle('seconds'),
      processor: middle('processor'),
      bytes: middle('bytes'),
      all: found,
    }
  })
}

function usageOf({ line }: Command): Usage {
  const start = performance.now()
  const { status, stderr, output } = spawnSync(
    process.execPath,
    ['-r', resolve('test/bench/usage.cjs'), ...line],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  )
  const seconds = (performance.now() - start) / 1000
  if (status !== 0) throw new Error(`node ${line.join(' ')} ended with ${status}: ${stderr}`)
  const { processor, bytes } = JSON.parse(output[3] ?? '') as Omit<Usage, 'seconds'>
  return { seconds, processor, bytes }
}
