/**
 * What onnxruntime's real CUDA provider says of our kernels and graphs; a line of JSON each. It needs no device: with
 * the libraries of test/cuda/stub in LD_LIBRARY_PATH it registers, places nodes and plans memory as above a GPU.
 *
 *     LD_LIBRARY_PATH=STUB npx tsx test/cuda/prove.ts kernels
 *     LD_LIBRARY_PATH=STUB npx tsx test/cuda/prove.ts place quickstart.dcr
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { InferenceSession } from '../../src/runtime/onnxruntime.js'
import { cuda } from '../../src/targets/cuda/index.js'
import { kernelsOf21 } from '../../src/targets/cuda/kernels.js'
import type { SessionModel } from '../../src/targets/session.js'
import type { Target } from '../../src/targets/target.js'
import { refusedCasts, refusedForNothing, typesOf, written } from '../targets/ask.js'
import { withoutWeights } from './without-weights.js'

/** For graphs that need the kernels of opset 21. */
const of21: Target = {
  ...cuda,
  kernels: kernelsOf21,
  schedule: (graph) => ({ ...cuda.schedule(graph), opset: 21 }),
}

const say = (line: unknown): void => console.log(JSON.stringify(line))

async function kernels(): Promise<void> {
  for (const op of written) {
    if (op.name === 'Cast') continue
    say({ operator: op.name, types: await typesOf(op, cuda), in21: await typesOf(op, of21) })
  }
  say({ refusedCasts: await refusedCasts(cuda), refusedForNothing: await refusedForNothing(cuda) })
}

/** Makes a session of every graph of the pipelines whose `FILE#NAME` fits; a node that is not on CUDA refuses it. */
async function place(wanted: RegExp): Promise<void> {
  const session: SessionModel = cuda.session
  for (const { entry, pipeline } of pipelines().filter((p) => wanted.test(`${p.entry}#${p.pipeline}`))) {
    const { artefact, diagnostics } = compile({
      entry,
      pipeline,
      files: new DiskFiles(process.cwd()),
      target: cuda,
    })
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
    if (!artefact) say({ pipeline: `${entry}#${pipeline}`, errors })
    for (const [file, bytes] of artefact?.files ?? []) {
      // not run by us, and by others anywhere
      if (file.endsWith('.export.onnx')) continue
      const refused = await InferenceSession.create(withoutWeights(bytes), {
        ...session.options,
        executionProviders: [session.provider],
        extra: { session: session.entries({ inputs: [], parameters: [] }) },
      }).then(
        (made) => made.release().then(() => null),
        (error: unknown) => String(error),
      )
      say({ pipeline: `${entry}#${pipeline}`, file, refused })
    }
  }
}

const pipelines = (): readonly { readonly entry: string; readonly pipeline: string }[] =>
  ['pipelines', 'test/cuda']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
    )
    .filter((path) => path.endsWith('.dcr'))
    .toSorted()
    .flatMap((entry) =>
      [...readFileSync(entry, 'utf8').matchAll(/^pipeline (\w+)/gm)].map(([, pipeline = '']) => ({
        entry,
        pipeline,
      })),
    )

const [task, pattern = ''] = process.argv.slice(2)
if (task === 'kernels') await kernels()
else if (task === 'place') await place(new RegExp(pattern))
else throw new Error('kernels or place?')
