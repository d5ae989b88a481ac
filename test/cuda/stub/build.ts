import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('stub.c', import.meta.url))

/** The libraries, by what guards their part of the source. */
const libraries = [
  { part: 'cudart', soname: 'libcudart.so.13' },
  { part: 'cublas', soname: 'libcublas.so.13' },
  { part: 'cublasLt', soname: 'libcublasLt.so.13' },
  { part: 'curand', soname: 'libcurand.so.10' },
  { part: 'cuda', soname: 'libcuda.so.1' },
  { part: 'cudnn', soname: 'libcudnn.so.9' },
] as const

/** Why the stub cannot be built here; undefined where it can. */
export function whyNoStub(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the stub is written for Linux on x64'
  const missing = ['cc', 'nm'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined)
  return missing.length > 0 ? `no ${missing.join(' and no ')} to build the stub with` : undefined
}

/** Builds libraries into a folder that a provider of onnxruntime takes for CUDA's. */
export function buildStub(provider: string, folder: string): void {
  const written = new Set(
    [...readFileSync(source, 'utf8').matchAll(/^[^\s/#*][^(\n]*?(\w+)\(/gm)].map(([, f]) => f),
  )
  const wanted = wantedFunctions(provider)
  for (const { part, soname } of libraries) {
    const others = (wanted.get(soname) ?? []).filter((name) => !written.has(name))
    const made = others.map((name) => `int ${name}() { return 0; }\n`).join('')
    const [c, map] = [join(folder, `${soname}.c`), join(folder, `${soname}.map`)]
    writeFileSync(c, `#define STUB_${part}\n#include "${source}"\n${made}`)
    // The provider asks for symbols with the version that is called like their library.
    writeFileSync(map, `${soname} { global: *; };\n`)
    const flags = ['-shared', '-fPIC', '-O1', '-w', `-Wl,-soname,${soname}`, `-Wl,--version-script,${map}`]
    execFileSync('cc', [...flags, c, '-o', join(folder, soname), '-ldl', '-lpthread'])
  }
  symlinkSync('libcudnn.so.9', join(folder, 'libcudnn.so'))
}

/** The functions that the provider asks of each library; those of cuDNN it looks up by their names. */
function wantedFunctions(provider: string): ReadonlyMap<string, readonly string[]> {
  const undefinedOnes = execFileSync('nm', ['-D', '--undefined-only', '--with-symbol-versions', provider], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const wanted = new Map<string, string[]>()
  for (const [, name = '', soname = ''] of undefinedOnes.matchAll(/ U (\w+)@(lib\w+\.so\.\d+)/g))
    wanted.set(soname, [...(wanted.get(soname) ?? []), name])
  wanted.set('libcuda.so.1', ['cuTensorMapEncodeTiled', 'cuInit'])
  wanted.set('libcudnn.so.9', namesIn(provider, /\0(cudnn[A-Z]\w+)(?=\0)/g))
  return wanted
}

function namesIn(file: string, name: RegExp): string[] {
  return [...new Set([...readFileSync(file, 'latin1').matchAll(name)].map(([, found = '']) => found))]
}
