import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Tensor, tensor } from '../../src/graph/types.js'
import { Fixture } from '../parity/harness.js'

const folder = fileURLToPath(new URL('../oracle/fixtures', import.meta.url))

/** The networks that test/oracle/onnx_models.py exports. */
export const networks = ['mlp', 'conv', 'vit', 'clip'].flatMap((n) =>
  ['legacy', 'dynamo'].map((exporter) => `onnx_${n}_${exporter}`),
)

export const fixtureFile = (name: string): string => `${folder}/${name}.onnx`

/** An exported file, and what PyTorch computes with it. */
export async function openNetwork(name: string): Promise<{
  readonly bytes: Uint8Array
  readonly outputs: readonly string[]
  readonly names: (prefix: string) => string[]
  readonly tensor: (key: string) => Promise<Tensor>
}> {
  const fixture = await Fixture.open(name)
  return {
    bytes: readFileSync(fixtureFile(name)),
    outputs: fixture.facts['outputs'] as readonly string[],
    names: (prefix) => fixture.names(prefix),
    tensor: async (key) => {
      const { dtype, shape, data } = await fixture.tensor(key)
      return tensor(dtype, shape, Float64Array.from(data as ArrayLike<number>, Number))
    },
  }
}
