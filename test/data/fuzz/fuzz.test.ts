import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UserError } from '../../../src/diagnostics/diagnostic.js'
import { DataInvalid, DataMissing } from '../../../src/runtime/sources/dataset.js'
import { SampleUnreadable } from '../../../src/runtime/sources/sample-unreadable.js'
import { WeightsError } from '../../../src/weights/weights-error.js'
import { randomOf } from '../../syntax/mutate.js'
import { mutateBytes } from './mutate-bytes.js'
import { type Kind, type Read, readers } from './readers.js'
import { seeds } from './seeds.js'

/*
 * Aim: a damaged file of data ends in an error that names it, whatever is wrong with it: no crash, no other error, no
 * memory beyond a bound, nothing written beside it. `npm run fuzz:data` reads more.
 */
const count = Number(process.env['DCRC_FUZZ'] ?? 3000)
const firstSeed = Number(process.env['DCRC_FUZZ_SEED'] ?? 1)
/** What any file here may take: they have some kilobytes, and a picture that is refused claims more. */
const mostMemory = 768 * 1024 * 1024

const kinds: readonly Kind[] = [
  'tar',
  'parquet',
  'idx',
  'gz',
  'csv',
  'tsv',
  'jsonl',
  'json',
  'txt',
  'jpeg',
  'png',
  'webp',
  'gif',
  'tiff',
  'safetensors',
]
const named = [DataInvalid, DataMissing, SampleUnreadable, UserError, WeightsError]

/** How a reader misbehaves. */
async function fault(read: Read, bytes: Buffer): Promise<string | undefined> {
  const before = process.memoryUsage.rss()
  const begin = performance.now()
  try {
    await read(bytes)
  } catch (error) {
    if (!named.some((kind) => error instanceof kind)) return `throws ${String(error)}`
    if (/undefined|NaN|\[object/.test(String(error))) return `has a message with a hole: ${String(error)}`
  }
  if (process.memoryUsage.rss() - before > mostMemory) return 'takes more memory than it may'
  return performance.now() - begin > 5000 ? 'takes longer than 5 seconds' : undefined
}

describe('damaged files of data', () => {
  const root = mkdtempSync(join(tmpdir(), 'fuzz-'))
  let files: Awaited<ReturnType<typeof seeds>>
  beforeAll(async () => {
    files = await seeds()
  })
  afterAll(() => rmSync(root, { recursive: true }))

  for (const kind of kinds) {
    const each = Math.ceil(count / kinds.length)
    test(`${kind}: end in an error that names them`, { timeout: 60_000 + 20 * each }, async () => {
      const read = readers(root)[kind]
      const others = Object.values(files).flat()
      const faults: string[] = []
      for (const file of files[kind]) expect(await fault(read, file), 'as it is').toBeUndefined()
      for (let k = 0; k < each && faults.length < 5; k++) {
        const random = randomOf(firstSeed + k)
        const file = files[kind][random(files[kind].length)]
        if (!file) throw new Error('no file')
        const found = await fault(read, mutateBytes(file, others, random))
        if (found !== undefined) faults.push(`seed ${firstSeed + k} ${found}`)
      }
      expect(faults).toEqual([])
      // members of archives are never unpacked
      expect(readdirSync(root).filter((name) => !/^(a\.|images|labels|pictures)/.test(name))).toEqual([])
      expect(existsSync(join(tmpdir(), 'outside'))).toBe(false)
    })
  }
})
