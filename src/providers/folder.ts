import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of the package onnxruntime-node, if it is installed. */
export function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  } catch {
    return undefined
  }
}

/** Where onnxruntime looks for the libraries of its providers: beside its own. */
export const providerFolder = (folder: string): string =>
  join(folder, `bin/napi-v6/${process.platform}/${process.arch}`)
