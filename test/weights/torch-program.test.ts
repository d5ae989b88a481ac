import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { type StoredTensor, isStored } from '../../src/weights/table.js'
import { openTorch } from '../../src/weights/torch/torch-file.js'
import { WeightsError } from '../../src/weights/weights-error.js'
import { type Entry, op, stateDict, tensor, torchFile } from './torch-files.js'
import { saved } from './weight-fixtures.js'

/*
 * Aim: of a TorchScript program the parameters and buffers are read, each byte as torch has it, and nothing else; of a
 * checkpoint the tensors by the path of their keys. None of it runs, and no file costs more than its bounds.
 */

let file: string
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-program-'))
  file = join(folder, 'model.pt')
})
afterEach(() => rmSync(folder, { recursive: true }))

const clip = (name: string): string =>
  fileURLToPath(new URL(`../oracle/fixtures/openai_clip/${name}`, import.meta.url))

async function bytes(tensors: ReadonlyMap<string, StoredTensor>): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const [name, t] of tensors)
    found.set(name, `${t.dtype} ${t.shape.join('x')} ${Buffer.from(await readTensor(t)).toString('hex')}`)
  return found
}

async function stored(path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const { tensors } = await openTorch(path)
  return new Map([...tensors].flatMap(([name, t]) => (isStored(t) ? [[name, t] as const] : [])))
}

test('the tensors of a traced CLIP are those of its state dict, bit for bit', async () => {
  const found = await bytes(await stored(clip('program.pt')))
  const { tensors } = await openSafetensors(clip('program.safetensors'))
  const wanted = await bytes(tensors)
  expect(wanted.size).toBe(62)
  for (const [name, value] of wanted) expect([name, found.get(name)]).toEqual([name, value])
  const beside = [...found.keys()].filter((name) => !wanted.has(name))
  expect(beside).toEqual(['attn_mask', 'input_resolution', 'context_length', 'vocab_size'])
})

test('a scripted module, and a checkpoint around a state dict', async () => {
  expect([...(await stored(join(saved('refused'), 'script.pt'))).keys()]).toEqual(['weight', 'bias'])
  expect([...(await stored(join(saved('refused'), 'checkpoint.bin'))).keys()]).toEqual(['state_dict.weight'])
})

const four = { elements: 4, shape: [4], strides: [1] }
const type = op.global('__torch__.net', 'Net')
const empty = Buffer.concat([op.mark, op.tuple])
/** An object of a class of the program with these fields. */
const object = (...fields: (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([
    type,
    empty,
    op.make,
    op.dict,
    op.mark,
    ...fields.flatMap(([name, value]) => [op.text(name), value]),
    op.setItems,
    op.build,
  ])
const pickle = (value: Buffer): Buffer => Buffer.concat([op.proto, value, op.stop])
const code = (text: string): Entry => ({
  name: 'archive/code/__torch__/net.py',
  data: deflateRawSync(Buffer.from(text)),
  method: 8,
})
const listed = code('class Net(Module):\n  __parameters__ = ["w", ]\n  __buffers__ = []\n  w : Tensor\n')
const program = (value: Buffer, entry: Entry = listed): Buffer =>
  torchFile(value, { '0': new Uint8Array(16) }, [
    { name: 'archive/constants.pkl', data: Buffer.from('\x80\x02).') },
    entry,
  ])

test('fields that are neither parameters nor buffers are no weights', async () => {
  const net = object(['w', tensor(four)], ['mask', tensor(four)], ['inner', object(['w', tensor(four)])])
  writeFileSync(file, program(pickle(net)))
  expect([...(await openTorch(file)).tensors.keys()]).toEqual(['w', 'inner.w'])
})

const remember = Buffer.from('q\x00')
const recall = Buffer.from('h\x00')
/** A pair of a pair of ..., each of one value twice: 2^40 values in 200 operations. */
const shared = Array.from({ length: 40 }, () => Buffer.concat([remember, recall, Buffer.from([0x86])]))
const long = `class Net(Module):\n${'#'.repeat(40 * 2 ** 20)}`

test.each<[string, () => Buffer, RegExp]>([
  ['no parameters', () => program(pickle(object())), /program without parameters/],
  [
    'an object of another class',
    () => program(pickle(Buffer.concat([op.global('collections', 'OrderedDict'), empty, op.make]))),
    /NEWOBJ/,
  ],
  ['a class outside of the program', () => program(pickle(op.global('os', 'system'))), /imports `os.system`/],
  ['a call of a class', () => program(pickle(Buffer.concat([type, empty, op.reduce]))), /calls `__torch__/],
  [
    'a state that is no dictionary',
    () => program(pickle(Buffer.concat([type, empty, op.make, op.none, op.build]))),
    /whose state is None/,
  ],
  [
    'an object that holds itself',
    () =>
      program(
        pickle(
          Buffer.concat([
            type,
            empty,
            op.make,
            remember,
            op.dict,
            op.mark,
            op.text('inner'),
            recall,
            op.setItems,
            op.build,
          ]),
        ),
      ),
    /more than 100 deep/,
  ],
  [
    'values shared again and again',
    () => torchFile(stateDict([['x', Buffer.concat([op.list, ...shared])]])),
    /more than 1000000 values/,
  ],
  ['code of 40 MB', () => program(pickle(object(['w', tensor(four)])), code(long)), /its code has more/],
  [
    'damaged code',
    () =>
      program(pickle(object(['w', tensor(four)])), {
        name: 'archive/code/__torch__/net.py',
        data: Buffer.from('no deflate'),
        method: 8,
      }),
    /net.py is damaged/,
  ],
  [
    'a name that stands twice',
    () =>
      torchFile(
        stateDict([
          ['a.b', tensor(four)],
          ['a', stateDict([['b', tensor(four)]]).subarray(2, -1)],
        ]),
        { '0': new Uint8Array(16) },
      ),
    /names "a.b" twice/,
  ],
  ['nothing that is a tensor', () => torchFile(stateDict([['epoch', op.int(3)]])), /holds no tensors/],
])('%s', async (_, made, reason) => {
  writeFileSync(file, made())
  const error: unknown = await openTorch(file).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(WeightsError)
  expect((error as WeightsError).problem).toMatch(reason)
})

test('a compressed storage is refused', async () => {
  const bytes = program(pickle(object(['w', tensor(four)])))
  const at = bytes.indexOf('archive/data/0')
  bytes.writeUInt16LE(8, at - 30 + 8)
  const central = bytes.indexOf('archive/data/0', at + 1)
  bytes.writeUInt16LE(8, central - 46 + 10)
  writeFileSync(file, bytes)
  await expect(openTorch(file)).rejects.toThrow('is compressed')
})
