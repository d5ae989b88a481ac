import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { readFileSync } from '../disk.js'

/**
 * Bytes that this process can still get: what the machine has free, or less where a control group around it (a
 * container, a job of a scheduler) allows less. What files are kept in memory is counted as free: it is given back.
 */
export function freeMemory(): number {
  const available = /MemAvailable:\s+(\d+) kB/.exec(textOf('/proc/meminfo'))?.[1]
  const machine = available === undefined ? totalmem() : Number(available) * 1024
  return Math.min(machine, ...groups().map(freeIn))
}

/** The folders of the control groups around this process: version 2, then version 1. */
function groups(): readonly string[] {
  const lines = textOf('/proc/self/cgroup').split('\n')
  const own = (pattern: RegExp): string => lines.map((line) => pattern.exec(line)?.[1]).find(Boolean) ?? '/'
  return [
    ...upwards('/sys/fs/cgroup', own(/^0::(.*)$/)),
    ...upwards('/sys/fs/cgroup/memory', own(/^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/)),
  ]
}

/** A group, those around it, and the root, which in a container is its own group. */
function upwards(root: string, path: string): readonly string[] {
  const folders = new Set([root])
  for (let at = path; at !== '/' && at !== '.'; at = dirname(at)) folders.add(join(root, at))
  return [...folders].filter((folder) => existsSync(folder))
}

function freeIn(group: string): number {
  const read = (name: string): number => Number.parseInt(textOf(join(group, name)), 10)
  const limit = [read('memory.max'), read('memory.limit_in_bytes')].find((value) => value >= 0) ?? Infinity
  const used = [read('memory.current'), read('memory.usage_in_bytes')].find((value) => value >= 0) ?? 0
  const files = /^(?:total_)?inactive_file (\d+)$/m.exec(textOf(join(group, 'memory.stat')))?.[1]
  return Math.max(0, limit - used + Number(files ?? 0))
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
