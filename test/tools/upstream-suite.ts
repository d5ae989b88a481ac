import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { runPipeline } from '../../src/runtime/run.js'
import { tokenizerFiles } from '../../src/text/tokenizer-files.js'
import { ModelTokenizer } from '../../src/text/tokenizer.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { adapterOf, sourceOf, upstreamCases } from './upstream-cases.js'

/*
 * npm run suite:upstream
 *
 * Goes over the modules, adapters, tokenizers and exports of the library with two generations of transformers, diffusers and
 * peft: what each saves is read and gives the same values, what is exported of it loads in the same generation with no
 * missing and no unexpected key and gives the same values. Python 3.10 or newer is needed; the generations are installed
 * below node_modules/.cache, or are those of the Pythons that UPSTREAM_OLD and UPSTREAM_NEW name.
 */
const generations = {
  old: ['torch==2.7.1', 'transformers==4.51.3', 'diffusers==0.33.1', 'peft==0.15.2'],
  new: ['torch==2.15.0', 'transformers==5.24.0', 'diffusers==0.42.1', 'peft==0.21.2'],
} as const
const common = ['safetensors==0.8.0', 'sentencepiece==0.2.3', 'protobuf==7.36.2']

/** Relative to the largest value of each output; networks of a few layers in float32. */
const bound = 1e-5

const cache = fileURLToPath(new URL('../../node_modules/.cache/upstream-suite', import.meta.url))
const script = fileURLToPath(new URL('../oracle/upstream_suite.py', import.meta.url))

type Generation = keyof typeof generations

interface Row {
  readonly name: string
  readonly read: string
  readonly exported: string
  readonly right: boolean
}

function pythonOf(generation: Generation): string {
  const given = process.env[`UPSTREAM_${generation.toUpperCase()}`]
  if (given !== undefined) return given
  const folder = join(cache, generations[generation].join('-'))
  const python = join(folder, 'bin/python')
  if (existsSync(join(folder, 'whole'))) return python
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' })
  const packages = [...generations[generation], ...common]
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' })
  writeFileSync(join(folder, 'whole'), '')
  return python
}

function runScript(python: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(python, ['-W', 'ignore', script, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${python} ${args.join(' ')}: ${stderr.slice(-2000)}`)
}

/** Reads what upstream saved, exports it, and gives how far the values of our functions lie from upstream's. */
async function readAndExport(root: string, name: string): Promise<number> {
  const folder = join(root, name)
  writeFileSync(join(folder, 'main.dcr'), sourceOf(name))
  const { artefact, diagnostics } = compile({ entry: 'main.dcr', files: new DiskFiles(folder) })
  if (!artefact) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  const result = await runPipeline(artefact, { root: folder, threads: 1, runDir: join(folder, 'run') })
  if (result.status !== 'done')
    throw new Error(
      result.status === 'failed' ? result.diagnostics.map((d) => d.message).join('\n') : 'it ended',
    )
  execFileSync('mv', [join(folder, 'run/export'), join(folder, 'export')])
  const [inputs, outputs] = await Promise.all([
    tensorsOf(join(folder, 'inputs.safetensors')),
    tensorsOf(join(folder, 'outputs.safetensors')),
  ])
  let apart = 0
  for (const [output, wanted] of outputs) {
    const session = await InferenceSession.create(join(folder, 'export', output, 'model.onnx'))
    const given = session.inputNames.map((input) => [input, inputs.get(input)] as const)
    const feeds = Object.fromEntries(given.flatMap(([input, tensor]) => (tensor ? [[input, tensor]] : [])))
    const [found] = Object.values(await session.run(feeds))
    apart = Math.max(apart, distance(found?.data as Float32Array, wanted.data as Float32Array))
  }
  return apart
}

async function tensorsOf(file: string): Promise<ReadonlyMap<string, Tensor>> {
  const { tensors } = await openSafetensors(file)
  const read = [...tensors].map(async ([name, stored]): Promise<[string, Tensor]> => {
    const bytes = await readTensor(stored)
    return stored.dtype === 'i64'
      ? [name, new Tensor('int64', new BigInt64Array(bytes), [...stored.shape])]
      : [name, new Tensor('float32', new Float32Array(bytes), [...stored.shape])]
  })
  return new Map(await Promise.all(read))
}

function distance(found: Float32Array, wanted: Float32Array): number {
  const largest = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  if (found.length !== wanted.length) return Infinity
  return found.reduce((most, v, k) => Math.max(most, Math.abs(v - (wanted[k] ?? NaN))), 0) / largest
}

/** Texts whose ids are others than a generation's, by tokenizer; both generations have texts that they split differently. */
function tokenizerRows(root: string, generation: Generation): Row[] {
  const fixture = fileURLToPath(new URL('../oracle/fixtures/tokenizers.json', import.meta.url))
  const saved = JSON.parse(readFileSync(fixture, 'utf8')) as Record<
    string,
    { files: Record<string, string>; length: number }
  > & {
    texts: string[]
  }
  const theirs = JSON.parse(readFileSync(join(root, 'tokenizers.json'), 'utf8')) as Record<
    string,
    number[][] | string
  >
  return Object.entries(theirs).map(([name, ids]) => {
    const { files = {}, length = 0 } = saved[name] ?? {}
    const tokenizer = ModelTokenizer.open(
      tokenizerFiles({
        text: (file) => files[file],
        bytes: (file) => (files[file] === undefined ? undefined : Buffer.from(files[file], 'base64')),
      }),
    )
    if (typeof ids === 'string')
      return { name: `tokenizer ${name}`, read: `${generation}: ${ids}`, exported: '', right: true }
    const other = saved.texts.filter((text, k) => String(tokenizer.ids(text, length)) !== String(ids[k]))
    const shown = other.map((text) => JSON.stringify(text)).join(', ')
    const read = `${saved.texts.length - other.length} of ${saved.texts.length} texts${other.length > 0 ? `, not ${shown}` : ''}`
    // what transformers 4 does otherwise is what its authors changed; ids are those of the present generation
    return {
      name: `tokenizer ${name}`,
      read,
      exported: '',
      right: generation === 'old' || other.length === 0,
    }
  })
}

interface Loaded {
  readonly keys: Readonly<Record<string, readonly string[]>>
  readonly apart: number
}

async function suite(generation: Generation): Promise<readonly Row[]> {
  const python = pythonOf(generation)
  mkdirSync(cache, { recursive: true })
  const root = mkdtempSync(join(cache, `${generation}-`))
  try {
    runScript(python, 'make', root)
    const read = new Map<string, number | string>()
    for (const name of upstreamCases) {
      const value = await readAndExport(root, name).catch((e: unknown) =>
        e instanceof Error ? e.message : String(e),
      )
      read.set(name, value)
    }
    runScript(python, 'load', root)
    const report = JSON.parse(readFileSync(join(root, 'report.json'), 'utf8')) as Readonly<
      Record<string, Loaded>
    >
    const rows = upstreamCases.flatMap((name) =>
      [name, ...(adapterOf(name) === undefined ? [] : [`${name}: peft`])].map((row): Row => {
        const value = read.get(name)
        const { keys = {}, apart = Infinity } = report[row] ?? {}
        const clean = Object.keys(keys).length === 0
        return {
          name: row,
          read: typeof value === 'number' ? value.toExponential(1) : String(value),
          exported: `${apart.toExponential(1)}${clean ? '' : ` ${JSON.stringify(keys)}`}`,
          right: typeof value === 'number' && value < bound && apart < bound && clean,
        }
      }),
    )
    return [...rows, ...tokenizerRows(root, generation)]
  } finally {
    if (process.env['UPSTREAM_KEEP'] === undefined) rmSync(root, { recursive: true, force: true })
  }
}

let isRight = true
for (const generation of ['old', 'new'] as const) {
  const began = performance.now()
  const rows = await suite(generation)
  isRight &&= rows.every(({ right }) => right)
  const lines = rows.map(
    ({ name, read, exported, right }) => `| ${name} | ${read} | ${exported} | ${right ? 'right' : 'WRONG'} |`,
  )
  process.stdout.write(
    [
      `${generations[generation].slice(1).join(', ')}: ${rows.filter(({ right }) => right).length} of ${rows.length} right, ${((performance.now() - began) / 1000).toFixed(0)} s`,
      '| case | read: largest difference | exported, loaded there | |',
      '|---|---|---|---|',
      ...lines,
      '',
    ].join('\n'),
  )
}
process.exitCode = isRight ? 0 : 1
