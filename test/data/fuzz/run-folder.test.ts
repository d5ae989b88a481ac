import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeArtefact } from '../../../src/cli/write-artefact.js'
import { UserError } from '../../../src/diagnostics/diagnostic.js'
import { RunUnreadable } from '../../../src/report/run-unreadable.js'
import { loadArtefact, parseManifest } from '../../../src/runtime/artefact.js'
import { damageOf, listCheckpoints } from '../../../src/runtime/checkpoint.js'
import { RunFolder } from '../../../src/runtime/run-folder.js'
import { runPipeline } from '../../../src/runtime/run.js'
import { WeightsError } from '../../../src/weights/weights-error.js'
import { compileText } from '../../parity/harness.js'
import { randomOf } from '../../syntax/mutate.js'
import { mutateBytes } from './mutate-bytes.js'

/*
 * Aim: a file of a run's folder, or of a compiled one, that is damaged is told; nothing that was written is read as
 * something else, and nothing outside of the folder is touched. `npm run fuzz:data` reads more.
 */
const count = Math.ceil(Number(process.env['DCRC_FUZZ'] ?? 3000) / 60)
const firstSeed = Number(process.env['DCRC_FUZZ_SEED'] ?? 1)
const named = [UserError, RunUnreadable, WeightsError]

const artefact = compileText(`
use std.nn { Linear }
pipeline p {
  model head = Linear(3, 2)
  stage s { train head; minimize mean(square(head(draw normal of [4, 3]))); optimizer adamw(lr = 0.1); steps 3; save_every 1 }
}`)

/** All that a resumed run reads before it goes on, but for sessions. */
async function readRun(directory: string, changed: string): Promise<void> {
  const folder = new RunFolder(directory)
  if (!folder.isRun) return
  void folder.record
  void folder.evaluations
  parseManifest(folder.manifestText ?? '', { file: folder.path('manifest.json'), start: 0, end: 0 })
  for (const checkpoint of listCheckpoints(folder).whole) await damageOf(checkpoint)
  if (changed === 'metrics.jsonl') folder.truncateMetrics(() => true)
  folder.readMetrics()
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .toSorted()

describe('damaged folders', () => {
  const root = mkdtempSync(join(tmpdir(), 'fuzz-'))
  const [run, compiled] = [join(root, 'run'), join(root, 'compiled')]
  beforeAll(async () => {
    const result = await runPipeline(artefact, { root, runDir: run, threads: 1 })
    expect(result.status).toBe('done')
    writeArtefact(artefact, compiled)
  })
  afterAll(() => rmSync(root, { recursive: true }))

  const read = { run: readRun, compiled: async (folder: string) => void loadArtefact(folder) }
  for (const [kind, folder] of Object.entries({ run, compiled }) as ['run' | 'compiled', string][]) {
    test(`of a ${kind} folder each file is refused or read`, { timeout: 60_000 + 150 * count }, async () => {
      const names = filesIn(folder)
      const whole = new Map(names.map((name) => [name, readFileSync(join(folder, name))]))
      const faults: string[] = []
      for (let k = 0; k < count && faults.length < 5; k++) {
        const random = randomOf(firstSeed + k)
        const name = names[random(names.length)] ?? ''
        writeFileSync(
          join(folder, name),
          mutateBytes(whole.get(name) ?? Buffer.alloc(0), [...whole.values()], random),
        )
        try {
          await read[kind](folder, name)
        } catch (error) {
          if (!named.some((type) => error instanceof type))
            faults.push(`seed ${firstSeed + k}, ${name}: ${String(error)}`)
        }
        // the lines of events are cut with those of metrics
        for (const [other, bytes] of whole)
          if (other === name || other.startsWith('events.')) writeFileSync(join(folder, other), bytes)
      }
      expect(faults).toEqual([])
      expect(filesIn(root).map((name) => name.split('/')[0])).toEqual(
        filesIn(root).map((name) => (name.startsWith('run') ? 'run' : 'compiled')),
      )
    })
  }
})
