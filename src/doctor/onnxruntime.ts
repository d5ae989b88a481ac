import { join } from 'node:path'
import { readFileSync } from '../disk.js'
import { emit } from '../compiler/9-emit/onnx.js'
import { sessions } from '../targets/sessions.js'
import type { SessionModel } from '../targets/session.js'
import { packageFolder } from '../providers/folder.js'
import { lackOf } from '../providers/lack.js'
import { Builder } from '../graph/builder.js'
import { type Finding, bad, firstLine, note, ok } from './finding.js'

/** What installs onnxruntime where its install script cannot reach its own server, which has CUDA libraries alone. */
export const installCommand = 'ONNXRUNTIME_NODE_INSTALL=skip npm install'

/** Several targets may run on one provider. */
const providers = [...new Map(Object.values(sessions).map((model) => [model.provider, model])).values()]

/** onnxruntime, and each of its execution providers by a session with one node. */
export async function inspectOnnxruntime(): Promise<readonly Finding[]> {
  const folder = packageFolder()
  if (folder === undefined)
    return [bad('onnxruntime', 'the package onnxruntime-node is not installed', installCommand)]
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  try {
    for (const { provider, installed } of providers) if (!installed) await runOneNode(provider)
  } catch (error) {
    return [bad('onnxruntime', `${version} does not run: ${firstLine(error)}`, installCommand)]
  }
  return [
    ok('onnxruntime', `${version} runs on the processor; its telemetry is off`),
    ...(await Promise.all(providers.map(other))).flat(),
  ]
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

/** What is installed for a target beside onnxruntime, or lacks. */
async function other({ provider, installed }: SessionModel): Promise<readonly Finding[]> {
  if (!installed) return []
  const { title } = installed
  const without = '`--target cpu`, the default, does without'
  const lack = lackOf(installed)
  if (lack) return [note(title, `${lack.what}; ${without}`, lack.help)]
  try {
    await runOneNode(provider)
    return [ok(title, `onnxruntime runs on it: \`--target ${provider}\``)]
  } catch (error) {
    return [note(title, `does not run: ${firstLine(error)}; ${without}`)]
  }
}
