/**
 * Measures whether a generator is worth building the quickstart on, and fails where it is not:
 *
 *   npm run base:gates -- RUN [CLIP]
 *
 * RUN is the folder of a run of generator.dcr, which may still go on: the averages of its newest checkpoint are
 * measured; or a file of weights. CLIP is a file of weights, too: who recognises what was drawn, in the place of the
 * quickstart's. The pictures lie in the folder that it prints.
 */
import { mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js'
import { evaluationsOf } from '../evidence/runs.js'

/** Set before the generator was trained; docs/results.md has what the one before it came to. */
const limits = [
  { what: 'mean cosine, right and wrong condition', evaluation: 'gate', most: 0.8 },
  { what: 'the same at the noise of the former schedule', evaluation: 'gate_sd', most: 0.9 },
  { what: 'drawings recognised among 50 names', evaluation: 'of_50', least: 0.8 },
  { what: 'drawings recognised among all 1,586', evaluation: 'of_all', least: 0.45 },
] as const

/** The averages of the newest checkpoint of a run, as a file of weights of their own. */
async function averagesOf(run: string, folder: string): Promise<string> {
  const steps = readdirSync(join(run, 'checkpoints')).flatMap((name) => {
    const step = /^generate-(\d+)$/.exec(name)?.[1]
    return step === undefined ? [] : [Number(step)]
  })
  if (steps.length === 0) throw new Error(`${run} has no checkpoint of the stage generate yet`)
  const step = Math.max(...steps)
  const { tensors } = await openSafetensors(
    join(run, 'checkpoints', `generate-${step}`, 'optimizer.safetensors'),
  )
  const prefix = 'ema/unet/'
  const averages = [...tensors].flatMap(([name, tensor]) =>
    name.startsWith(prefix)
      ? [{ name: name.slice(prefix.length), dtype: 'f32' as const, shape: tensor.shape, content: tensor }]
      : [],
  )
  const file = join(folder, `averages-${step}.safetensors`)
  await writeSafetensors(file, averages)
  console.log(`averages after ${step} steps`)
  return file
}

const [, , given, judge] = process.argv
if (given === undefined) {
  process.stderr.write('usage: npm run base:gates -- RUN [CLIP]\n')
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'dcrc-gates-'))
const weights = statSync(given).isDirectory() ? await averagesOf(given, folder) : resolve(given)
const root = process.cwd()
const { artefact, diagnostics } = compile({
  entry: 'pipelines/quickstart/gates.dcr',
  files: new DiskFiles(root),
  settings: new Map([
    ['weights', weights],
    ...(judge === undefined ? [] : [['judge', resolve(judge)] as const]),
  ]),
})
if (!artefact) throw new Error(diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n'))
const runDir = join(folder, 'run')
mkdirSync(runDir)
const { status } = await runPipeline(artefact, { root, runDir })
if (status !== 'done') throw new Error(`the measurement ended as ${status}`)

const start = evaluationsOf(runDir)['start'] ?? {}
let passed = true
for (const limit of limits) {
  const measured = start[limit.evaluation] as { readonly mean: number } | undefined
  const value = measured?.mean ?? NaN
  const within = 'most' in limit ? value <= limit.most : value >= limit.least
  const bound = 'most' in limit ? `at most ${limit.most}` : `at least ${limit.least}`
  passed &&= within
  console.log(`${within ? 'passed' : 'FAILED'}  ${value.toFixed(3)}  ${bound}  ${limit.what}`)
}
console.log(`pictures: ${runDir}`)
process.exitCode = passed ? 0 : 1
