import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { emit } from '../compiler/9-emit/onnx.js'
import { sessions } from '../targets/sessions.js'
import { type Provider, otherProviders } from '../targets/providers.js'
import { Builder } from '../graph/builder.js'
import { type Finding, bad, firstLine, note, ok } from './finding.js'
import { missingLibraries } from './missing-libraries.js'

/** What installs onnxruntime where its install script cannot reach its own server, which has CUDA libraries alone. */
export const installCommand = 'ONNXRUNTIME_NODE_INSTALL=skip npm install'

/** onnxruntime, and each of its execution providers by a session with one node. */
export async function inspectOnnxruntime(): Promise<readonly Finding[]> {
  const folder = packageFolder()
  if (folder === undefined)
    return [bad('onnxruntime', 'the package onnxruntime-node is not installed', installCommand)]
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  try {
    for (const { provider } of Object.values(sessions)) await runOneNode(provider)
  } catch (error) {
    return [bad('onnxruntime', `${version} does not run: ${firstLine(error)}`, installCommand)]
  }
  return [
    ok('onnxruntime', `${version} runs on the processor; its telemetry is off`),
    ...(await Promise.all(otherProviders.map((p) => other(p, folder)))),
  ]
}

function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  } catch {
    return undefined
  }
}

/** Runs a graph of one node on a provider; throws where it cannot. */
async function runOneNode(provider: string): Promise<void> {
  const { InferenceSession, Tensor } = await import('../runtime/onnxruntime.js')
  const b = new Builder()
  const x = b.input('x', { dtype: 'f32', shape: [2] })
  const session = await InferenceSession.create(
    emit(b.finish('sum', [{ name: 'sum', value: b.add(x, x) }])),
    {
      executionProviders: [provider],
      logSeverityLevel: 4,
    },
  )
  const { sum } = await session.run({ x: new Tensor('float32', new Float32Array([1, 2]), [2]) })
  await session.release()
  if (sum?.data[1] !== 4) throw new Error(`1 + 1, 2 + 2 gave ${String(sum?.data)}`)
}

/**
 * Another provider. What onnxruntime says where a library is missing does not name it, so its provider's libraries
 * are looked for by themselves.
 */
async function other({ title, name, library }: Provider, folder: string): Promise<Finding> {
  const without = 'dcrc does not need it, it compiles for the processor'
  const provider = join(folder, `bin/napi-v6/${process.platform}/${process.arch}`, library)
  if (!existsSync(provider)) return note(title, `onnxruntime's provider for it is not installed; ${without}`)
  const missing = missingLibraries(provider)
  if (missing.length > 0) return note(title, `its provider does not find ${missing.join(', ')}; ${without}`)
  try {
    await runOneNode(name)
    return note(title, `runs a node; ${without}`)
  } catch (error) {
    return note(title, `does not run: ${firstLine(error)}; ${without}`)
  }
}
