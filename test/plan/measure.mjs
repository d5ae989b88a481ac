// Runs one model three times in a process of its own and prints by how many bytes its resident memory grew at most.
import { readFileSync, writeFileSync } from 'node:fs'
import * as ort from 'onnxruntime-node'

const [folder] = process.argv.slice(2)
const { inputs, options } = JSON.parse(readFileSync(`${folder}/run.json`, 'utf8'))
const model = readFileSync(`${folder}/model.onnx`)

const kilobytes = (key) =>
  Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))[1])
const arrays = { float32: Float32Array, int64: BigInt64Array, bool: Uint8Array }

// Writing 5 sets the peak to what is resident now.
writeFileSync('/proc/self/clear_refs', '5')
const before = kilobytes('VmRSS')
const feeds = Object.fromEntries(
  inputs.map(({ name, type, shape }) => {
    const data = new arrays[type](shape.reduce((n, d) => n * d, 1))
    if (type === 'float32') for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 1000) / 5000 - 0.1
    return [name, new ort.Tensor(type, data, shape)]
  }),
)
const session = await ort.InferenceSession.create(model, options)
for (let i = 0; i < 3; i++) {
  const results = await session.run(feeds)
  for (const tensor of Object.values(results)) tensor.dispose()
}
console.log((kilobytes('VmHWM') - before) * 1024)
