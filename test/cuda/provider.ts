import { existsSync, mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildStub, whyNoStub } from './stub/build.js'

/** onnxruntime's CUDA provider, where `npm run setup:cuda` has put it. */
export const provider = join(
  dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
  'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so',
)

/** Why nothing of CUDA can be tested here; undefined where it can. */
export const whyNoCuda =
  whyNoStub() ??
  (existsSync(provider) ? undefined : 'no CUDA provider beside onnxruntime: npm run setup:cuda')

/** The environment of a process above the stub, and the new folder in which its libraries lie. */
export function aboveStub(): { readonly env: NodeJS.ProcessEnv; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-cuda-'))
  buildStub(provider, folder)
  return { env: { ...process.env, LD_LIBRARY_PATH: folder, FORCE_COLOR: undefined }, folder }
}
