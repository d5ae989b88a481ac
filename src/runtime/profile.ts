import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../disk.js'
import type { Manifest } from '../artefact/manifest.js'
import { placeOf } from '../faults/graph-fault.js'
import { findOperator } from '../ops/registry.js'
import type { ProfileRow } from '../report/profile.js'

/** The folder of a run into which onnxruntime writes what each node took. */
export const profileFolder = 'profile'

const shapes = z.array(z.record(z.string(), z.array(z.number()))).default([])
const size = z.coerce.number().default(0)
const eventSchema = z.object({
  cat: z.literal('Node'),
  name: z.string().endsWith('_kernel_time'),
  dur: z.number(),
  args: z.object({
    op_name: z.string(),
    output_size: size,
    activation_size: size,
    parameter_size: size,
    input_type_shape: shapes,
    output_type_shape: shapes,
  }),
})

/** Reads what onnxruntime has written into the folder of a run; what took longest comes first. */
export function readProfile(directory: string, manifest: Manifest): readonly ProfileRow[] {
  const folder = join(directory, profileFolder)
  const rows = new Map<string | null, { ms: number; bytes: number; flops: number; operators: Set<string> }>()
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const graph = Object.keys(manifest.source_map.nodes).find((file) => name.startsWith(`${file}_`))
    if (graph === undefined) continue
    const events = z.array(z.unknown()).parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))
    for (const event of events) {
      const { data } = eventSchema.safeParse(event)
      if (!data) continue
      const { args } = data
      const node = data.name.slice(0, -'_kernel_time'.length)
      const place = placeOf(manifest, graph, node) ?? null
      const row = rows.get(place) ?? { ms: 0, bytes: 0, flops: 0, operators: new Set() }
      rows.set(place, row)
      row.ms += data.dur / 1000
      row.bytes += args.output_size + args.activation_size + args.parameter_size
      row.flops += flopsOf(args)
      row.operators.add(args.op_name)
    }
  }
  return [...rows]
    .map(([place, { operators, ...row }]) => ({ place, ...row, operators: [...operators] }))
    .sort((a, b) => b.ms - a.ms)
}

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)

/** Of products of matrices and convolutions, from the shapes alone; whether one of them is transposed does not matter. */
export function flopsOf({
  op_name: op,
  input_type_shape: inputs,
  output_type_shape: outputs,
}: z.infer<typeof eventSchema>['args']): number {
  const [x = [], w = []] = inputs.map((input) => Object.values(input)[0] ?? [])
  const [y = []] = outputs.map((output) => Object.values(output)[0] ?? [])
  // onnxruntime fuses a convolution with the activation behind it
  const { multiplies } = findOperator(op.replace(/^Fused(?=Conv$)/, '')) ?? {}
  if (multiplies === 'kernels') return (2 * product(y) * product(w)) / (w[0] ?? 1)
  if (multiplies !== 'matrices') return 0
  // [b, m, k] by [b, k, n]: (b m k) (b k n) / (b m n) = b k^2, of a matrix that all rows share k^2
  const batches = Math.min(product(x.slice(0, -2)), product(w.slice(0, -2)))
  const k = Math.sqrt((product(x) * product(w)) / product(y) / batches)
  return 2 * product(y) * k
}
