/**
 * Packs what a machine with a GPU needs to run `test/gpu/run.sh`: Node, onnxruntime with its CUDA provider (kernels of
 * one architecture alone), the sections as one program, and the pipelines. The archive is cut into pieces.
 *
 *     npm run gpu:pack -- --architecture 90 --piece 36
 */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageFolder, providerFolder } from '../../src/providers/folder.js'
import { forOneArchitecture } from './architecture.js'

const { values: options } = parseArgs({
  options: {
    /** Compute capability of the device: 90 is an H100 or H200. */
    architecture: { type: 'string', default: '90' },
    /** Megabytes of a piece. */
    piece: { type: 'string', default: '36' },
    out: { type: 'string', default: '.gpu' },
  },
})

const runtime = packageFolder()
if (runtime === undefined) throw new Error('onnxruntime-node is not installed')
const modules = dirname(runtime)
const libraries = providerFolder(runtime)
const place = mkdtempSync(join(tmpdir(), 'dcrc-gpu-pack-'))
try {
  mkdirSync(join(place, 'bin'))
  cpSync(process.execPath, join(place, 'bin/node'))
  for (const folder of ['dist/gpu', 'dist/cli/std', 'pipelines', 'test/bench', 'test/oracle'])
    cpSync(folder, join(place, folder), { recursive: true, filter: (path) => !/\.map$|fixtures/.test(path) })
  cpSync('package.json', join(place, 'package.json'))
  for (const name of ['onnxruntime-common', 'koffi', `@koromix/koffi-${process.platform}-${process.arch}`])
    cpSync(join(modules, name), join(place, 'node_modules', name), { recursive: true })
  const packed = join(place, 'node_modules/onnxruntime-node')
  for (const name of ['package.json', 'dist'])
    cpSync(join(runtime, name), join(packed, name), { recursive: true })
  cpSync(libraries, providerFolder(packed), { recursive: true })
  const provider = join(providerFolder(packed), 'libonnxruntime_providers_cuda.so')
  const bytes = readFileSync(provider)
  const { images, without, zeroed } = forOneArchitecture(bytes, Number(options.architecture))
  rmSync(provider)
  writeFileSync(provider, bytes)
  console.log(
    `${images} sets of kernels, ${without} without sm_${options.architecture}; ${mega(zeroed)} left out`,
  )
  mkdirSync(options.out, { recursive: true })
  const archive = join(place, 'pack.tar.xz')
  const tops = ['bin', 'dist', 'node_modules', 'package.json', 'pipelines', 'test']
  execFileSync('tar', ['-cf', archive, '-I', 'xz -6 -T0', '-C', place, ...tops])
  const size = statSync(archive).size
  for (const [k, name] of cut(archive, Number(options.piece) * 2 ** 20).entries())
    console.log(`piece ${k}: ${name}`)
  console.log(`${mega(size)} in ${options.out}`)
} finally {
  rmSync(place, { recursive: true })
}

/** Writes a file's parts of so many bytes beside each other. */
function cut(archive: string, bytes: number): readonly string[] {
  const file = openSync(archive, 'r')
  const names: string[] = []
  const buffer = new Uint8Array(bytes)
  for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
    const name = join(options.out, `dcrc-gpu.tar.xz.${String(names.length).padStart(2, '0')}`)
    writeFileSync(name, buffer.subarray(0, length))
    names.push(name)
  }
  closeSync(file)
  return names
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
