import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { readModel } from '../../src/onnx/index.js'
import { openTorch } from '../../src/weights/torch/torch-file.js'
import { WeightsError } from '../../src/weights/weights-error.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** Written by test/oracle/mixed_safetensors.py with the safetensors package. */
const upstream = new URL('../oracle/fixtures/mixed.safetensors', import.meta.url).pathname

describe('a file of the safetensors package', () => {
  test('tells names, types, shapes and metadata', async () => {
    const { tensors, metadata } = await openSafetensors(upstream)
    const table = Object.fromEntries([...tensors].map(([name, t]) => [name, `${t.dtype}[${t.shape.join()}]`]))
    expect(table).toEqual({
      'layer.0.weight': 'f32[2,3]',
      'layer.0.half': 'f16[5]',
      'layer.0.brain': 'bf16[3]',
      ids: 'i64[4]',
      mask: 'bool[3]',
      scalar: 'f32[]',
      empty: 'f32[0,4]',
      short: 'I16[1]',
    })
    expect(metadata).toEqual({ format: 'pt', note: 'é' })
  })

  test('gives the values', async () => {
    const { tensors } = await openSafetensors(upstream)
    const bytes = async (name: string): Promise<ArrayBuffer> => {
      const tensor = tensors.get(name)
      if (!tensor) throw new Error(name)
      return readTensor(tensor)
    }
    expect([...new Float32Array(await bytes('layer.0.weight'))]).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25])
    expect([...new BigInt64Array(await bytes('ids'))]).toEqual([0n, 1n << 40n, 2n << 40n, 3n << 40n])
    // 0, 3 and 6 are 0x0000, 0x4040 and 0x40c0 in bfloat16.
    expect([...new Uint16Array(await bytes('layer.0.brain'))]).toEqual([0, 0x4040, 0x40c0])
    expect([...new Uint8Array(await bytes('mask'))]).toEqual([1, 0, 1])
    expect([...new Float32Array(await bytes('scalar'))]).toEqual([2.5])
    expect((await bytes('empty')).byteLength).toBe(0)
  })
})

describe('writing', () => {
  test('what is written is read back; copies from another file too; equal input gives equal bytes', async () => {
    const source = (await openSafetensors(upstream)).tensors.get('layer.0.half')
    if (!source) throw new Error('no source')
    const tensors = [
      { name: 'b', dtype: 'f32' as const, shape: [2], content: Float32Array.of(1, -2) },
      { name: 'a', dtype: 'f16' as const, shape: [5], content: source },
    ]
    const [one, two] = [join(folder, 'one.safetensors'), join(folder, 'two.safetensors')]
    await writeSafetensors(one, tensors, { format: 'pt' })
    await writeSafetensors(two, [...tensors].reverse(), { format: 'pt' })
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true)
    const { tensors: read } = await openSafetensors(one)
    expect([...read.keys()]).toEqual(['a', 'b'])
    const [a, b] = [read.get('a'), read.get('b')]
    if (!a || !b) throw new Error('lost')
    expect(Buffer.from(await readTensor(a)).equals(Buffer.from(await readTensor(source)))).toBe(true)
    expect([...new Float32Array(await readTensor(b))]).toEqual([1, -2])
    expect(a.offset % 8).toBe(0)
  })

  test('a failure leaves neither the file nor a part of it', async () => {
    const tensor = { name: 'a', dtype: 'f32' as const, shape: [3], content: Float32Array.of(1) }
    await expect(writeSafetensors(join(folder, 'a.safetensors'), [tensor])).rejects.toThrow('4 bytes')
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a damaged file is a named error', () => {
  const write = (header: string | object, data: number, claimed?: bigint): string => {
    const text = Buffer.isBuffer(header)
      ? header
      : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(claimed ?? BigInt(text.length))
    const file = join(folder, 'x.safetensors')
    writeFileSync(file, Buffer.concat([length, text, Buffer.alloc(data)]))
    return file
  }
  const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  })

  test.each<[string, string | object, number, RegExp, bigint?]>([
    ['truncated data', { a: f32(0, 8) }, 4, /"a" ends at byte 8 of 4: the file is cut or corrupt/],
    ['out of range', { a: f32(4096, 4104) }, 8, /"a" ends at byte 4104 of 8/],
    ['overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, /"b" and "a" overlap/],
    ['hole', { a: f32(0, 4), b: f32(8, 12) }, 12, /4 bytes before "b" belong to no tensor/],
    ['rest', { a: f32(0, 4) }, 10, /6 bytes after the last tensor/],
    ['huge header', {}, 0, /the header claims 1152921504606846976 bytes; the limit is/, 1n << 60n],
    ['header beyond the file', {}, 0, /the header claims 5000 bytes, the file has 10/, 5000n],
    ['no JSON', '{"a": ', 0, /not JSON/],
    ['no object', '[1]', 0, /not a JSON object/],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 0, /not UTF-8/],
    [
      'duplicate',
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /names "a" twice/,
    ],
    [
      'escaped duplicate',
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /names "a" twice/,
    ],
    [
      'wrong length',
      { a: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } },
      8,
      /takes 12 bytes, its offsets give 8/,
    ],
    [
      'overflowing shape',
      { a: { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 8] } },
      8,
      /takes/,
    ],
    [
      'negative offset',
      { a: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } },
      4,
      /entry "a" is malformed/,
    ],
    [
      'unknown type',
      { a: { dtype: 'F31', shape: [1], data_offsets: [0, 4] } },
      4,
      /has the element type F31, which is not known here/,
    ],
    [
      'type named like a method',
      { a: { dtype: 'constructor', shape: [1], data_offsets: [0, 4] } },
      4,
      /has the element type constructor, which is not known here/,
    ],
    ['metadata', { __metadata__: { a: 1 } }, 0, /table of strings/],
  ])('%s', async (_, header, data, message, claimed) => {
    const error: unknown = await openSafetensors(write(header, data, claimed)).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(WeightsError)
    expect((error as WeightsError).message).toMatch(message)
  })

  test('an empty file', async () => {
    const file = join(folder, 'x.safetensors')
    writeFileSync(file, '')
    await expect(openSafetensors(file)).rejects.toThrow(WeightsError)
  })

  test('bytes cut or flipped anywhere never crash: a file, or the named error', async () => {
    const whole = readFileSync(upstream)
    const file = join(folder, 'x.safetensors')
    let refused = 0
    for (let i = 0; i < 400; i++) {
      const bytes = Buffer.from(whole)
      if (i % 2 === 0) bytes.writeUInt8((bytes.readUInt8(i) + 1 + i) % 256, i)
      writeFileSync(file, i % 2 === 0 ? bytes : bytes.subarray(0, Math.floor((i * whole.length) / 400)))
      const result: unknown = await openSafetensors(file).catch((e: unknown) => e)
      if (result instanceof Error) {
        expect(result).toBeInstanceOf(WeightsError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(200)
  })
})

test.each([
  ['version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n', 'it is a pointer of Git LFS'],
  ['<!DOCTYPE html>\n<html><title>404</title></html>', 'it is a web page'],
])('what a download left in place of the file is called by its name: %j', async (content, what) => {
  const told = async (name: string, open: (file: string) => Promise<unknown>): Promise<string> => {
    writeFileSync(join(folder, name), content)
    return open(join(folder, name)).then(
      () => 'taken',
      ({ message }: Error) => message,
    )
  }
  expect(await told('m.safetensors', openSafetensors)).toContain(what)
  expect(await told('m.bin', openTorch)).toContain(what)
  expect(await told('m.onnx', async (file) => readModel(readFileSync(file)))).toContain(what)
})
