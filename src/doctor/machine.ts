import { statfsSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { bytes } from '../diagnostics/units.js'
import { freeMemory } from '../runtime/free-memory.js'
import { type Finding, bad, note, ok } from './finding.js'

/** Below this a disk takes no checkpoint of a model of any size. */
const littleDisk = 1e9

/** Node, processors, memory and disk, of which the run folders and the caches take the last. */
export function inspectMachine(root: string): readonly Finding[] {
  return [node(), processors(), memory(), disk(root)]
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const text = `${process.version} (${process.platform} ${process.arch})`
  return major > 20 || (major === 20 && minor >= 20)
    ? ok('Node', text)
    : bad('Node', text, 'install Node 20.20 or newer: https://nodejs.org')
}

function processors(): Finding {
  const count = availableParallelism()
  return ok('processor', `${count} ${count === 1 ? 'thread' : 'threads'} for operators`)
}

function memory(): Finding {
  const [free, all] = [freeMemory(), totalmem()]
  const text = `${bytes(free)} free of ${bytes(all)}`
  return free < all / 4
    ? note('memory', `${text}; another program, or a limit of its container or job, takes the rest`)
    : ok('memory', text)
}

function disk(root: string): Finding {
  const { bavail, bsize } = statfsSync(root)
  const free = bavail * bsize
  const text = `${bytes(free)} free for runs and caches`
  return free < littleDisk
    ? bad('disk', text, 'make room, or work in a folder of another disk')
    : ok('disk', text)
}
