/**
 * What making a session of each graph of a compiled folder takes: as compiled, and with the sizes of results as
 * onnxruntime finds them by itself, which is the least but needs more memory. Weights are fed, so none have to be there.
 *
 *     tsx test/bench/sessions.ts <compiled folder> [<part of a file's name>]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { onnx as Onnx } from 'onnx-proto'
import { readModel, writeModel } from '../../src/onnx/protobuf.js'
import { InferenceSession } from '../../src/runtime/onnxruntime.js'
import { session } from '../../src/targets/cpu/session.js'

const forms = ['as compiled', 'sizes known'] as const
type Form = (typeof forms)[number]

/** The graph with its weights as inputs. */
function withoutWeights(bytes: Uint8Array, form: Form): Uint8Array {
  const { graph: given, irVersion, opsetImport } = readModel(bytes)
  const { initializer, input, valueInfo, name, node, output } = given ?? {}
  const isWeight = ({ externalData }: Onnx.ITensorProto): boolean => (externalData ?? []).length > 0
  const constants = new Set((initializer ?? []).flatMap((t) => (isWeight(t) ? [] : [t.name])))
  const fed = (initializer ?? []).filter(isWeight).map(({ name, dataType, dims }) => ({
    name: name ?? '',
    type: {
      tensorType: {
        elemType: dataType ?? 0,
        shape: { dim: (dims ?? []).map((size) => ({ dimValue: Number(size) })) },
      },
    },
  }))
  const known = form === 'sizes known'
  return writeModel({
    irVersion,
    opsetImport,
    graph: {
      name: name ?? '',
      node: node ?? [],
      output: output ?? [],
      initializer: (initializer ?? []).filter((t) => !isWeight(t)),
      // the shapes that nodes read are inputs with a default where they are hidden
      input: [...(input ?? []).filter(({ name }) => !known || !constants.has(name)), ...fed],
      valueInfo: known ? [] : (valueInfo ?? []),
    },
  })
}

/** Processor seconds of making one session, in a process of its own. */
async function made(file: string, form: Form): Promise<number> {
  const bytes = withoutWeights(readFileSync(file), form)
  const before = process.cpuUsage()
  await InferenceSession.create(bytes, {
    ...session.options,
    intraOpNumThreads: 1,
    extra: { ...session.options.extra, session: { disable_prepacking: '1' } },
  })
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const [folder = '', part = '', form] = process.argv.slice(2)
const asked = forms.find((one) => one === form)
if (asked) {
  process.stdout.write(`${await made(folder, asked)}\n`)
} else {
  process.stdout.write(`| graph | nodes | ${forms.join(' | ')} | ratio |\n|---|---|---|---|---|\n`)
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.onnx') && n.includes(part))) {
    const file = join(folder, name)
    const [hidden = 0, known = 0] = forms.map((one) =>
      Number(
        execFileSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), file, '', one], {
          encoding: 'utf8',
        }),
      ),
    )
    const nodes = readModel(readFileSync(file)).graph?.node?.length ?? 0
    process.stdout.write(
      `| ${name} | ${nodes} | ${hidden.toFixed(2)} s | ${known.toFixed(2)} s | ${(hidden / known).toFixed(2)} |\n`,
    )
  }
}
