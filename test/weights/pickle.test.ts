import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTorch } from '../../src/weights/torch/torch-file.js'
import { WeightsError } from '../../src/weights/weights-error.js'
import { type Entry, op, stateDict, tensor, torchFile, zip } from './torch-files.js'
import { saved } from './weight-fixtures.js'

/*
 * Aim: a torch file is a pickle, a program. None of it runs, whatever it asks for; what is no weights is refused with the
 * reason, and no bytes whatever crash the reader or make it take much memory.
 */

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  file = join(folder, 'model.bin')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Why a file is not read. */
async function refusal(path: string): Promise<string> {
  const error: unknown = await openTorch(path).catch((e: unknown) => e)
  if (!(error instanceof WeightsError)) throw new Error(`not refused: ${String(error)}`)
  expect(error.file).toBe(path)
  return `${error.fault}: ${error.problem}`
}

const written = (bytes: Uint8Array): Promise<string> => {
  writeFileSync(file, bytes)
  return refusal(file)
}

describe('files that Python would run', () => {
  test.each([
    ['system.bin', 'refused: in its pickle, it imports `posix.system`'],
    ['eval.bin', 'refused: in its pickle, it imports `__builtin__.eval`'],
    ['object.bin', 'refused: in its pickle, it imports `__main__.Plain`'],
    ['module.bin', 'refused: in its pickle, it imports `torch.nn.modules.linear.Linear`'],
    ['sparse.bin', 'refused: in its pickle, it imports `torch._utils._rebuild_sparse_tensor`'],
    ['legacy.bin', 'refused: it is written as torch before 1.6 did, not as a zip archive'],
  ])('%s of torch', async (name, reason) => {
    expect(await refusal(join(saved('refused'), name))).toMatch(reason)
    expect(existsSync('executed')).toBe(false)
  })

  test('a help line says what to do', async () => {
    const help = async (name: string): Promise<string | undefined> =>
      openTorch(join(saved('refused'), name)).then(
        () => undefined,
        (e: unknown) => (e instanceof WeightsError ? e.help : undefined),
      )
    expect(await help('legacy.bin')).toMatch('torch.save(torch.load(file, weights_only=True), file)')
    expect(await help('system.bin')).toMatch('nothing was executed')
  })

  const ones = new Uint8Array(16)
  const call = (module: string, name: string, ...args: Buffer[]): Buffer =>
    Buffer.concat([op.global(module, name), op.mark, ...args, op.tuple, op.reduce])
  test.each<[string, Buffer, RegExp]>([
    ['a call of a storage class', call('torch', 'FloatStorage'), /it calls `torch.FloatStorage`/],
    ['a module that hides behind a dot', call('torch._utils', '_rebuild_tensor_v2.__globals__'), /imports/],
    ['an import of what is only named like one', call('collections', 'OrderedDict.fromkeys'), /imports/],
    [
      'a call of a text',
      Buffer.concat([op.text('os.system'), op.mark, op.tuple, op.reduce]),
      /calls a string/,
    ],
    ['INST', Buffer.from('(ios\nsystem\n'), /INST/],
    [
      'NEWOBJ',
      Buffer.concat([op.global('collections', 'OrderedDict'), op.mark, op.tuple, Buffer.from([0x81])]),
      /NEWOBJ/,
    ],
    ['an import by number', Buffer.from([0x82, 1]), /EXT1/],
    [
      'the state of a tensor',
      Buffer.concat([tensor({ elements: 4, shape: [4], strides: [1] }), op.dict, op.build]),
      /sets the state of a tensor/,
    ],
    ['the state of None', Buffer.concat([op.none, op.none, op.build]), /sets the state of None/],
    ['an operation that is none', Buffer.from([0xff]), /the operation 0xff/],
  ])('%s', async (_, value, reason) => {
    expect(await written(torchFile(stateDict([['weight', value]]), { '0': ones }))).toMatch(reason)
  })
})

describe('tensors that are not there', () => {
  const sixteen = new Uint8Array(16)
  test.each<[string, Parameters<typeof tensor>[0], RegExp]>([
    [
      'beyond the storage',
      { elements: 4, offset: 1, shape: [4], strides: [1] },
      /ends at element 5 of a storage of 4/,
    ],
    ['beyond it by strides', { elements: 4, shape: [2, 2], strides: [1, 3] }, /ends at element 5/],
    ['of an absurd shape', { elements: 4, shape: [2 ** 40, 2 ** 40], strides: [0, 0] }, /impossible shape/],
    ['of a negative size', { elements: 4, shape: [-1], strides: [1] }, /a size in it is -1/],
    [
      'with a negative offset',
      { elements: 4, offset: -4, shape: [1], strides: [1] },
      /an offset in it is -4/,
    ],
    [
      'with an overflowing stride',
      { elements: 4, shape: [2 ** 20, 2], strides: [2 ** 52, 1] },
      /ends at element/,
    ],
    ['with a stride too many', { elements: 4, shape: [4], strides: [1, 1] }, /a stride too many/],
    [
      'in a storage that lies about its size',
      { elements: 2 ** 40, shape: [4], strides: [1] },
      /has 16 bytes, its 1099511627776 elements take/,
    ],
    ['in no storage', { key: '7', elements: 4, shape: [4], strides: [1] }, /storage 7, which is not there/],
    [
      'in a file elsewhere',
      { key: '../../../etc/passwd', elements: 4, shape: [4], strides: [1] },
      /which is not there/,
    ],
    [
      'of an unknown type',
      { storage: 'QInt8Storage', elements: 4, shape: [4], strides: [1] },
      /imports `torch.QInt8Storage`/,
    ],
  ])('%s', async (_, view, reason) => {
    expect(await written(torchFile(stateDict([['weight', tensor(view)]]), { '0': sixteen }))).toMatch(reason)
  })

  test('a name that stands twice', async () => {
    const value = tensor({ elements: 4, shape: [4], strides: [1] })
    const twice = stateDict([
      ['weight', value],
      ['weight', value],
    ])
    expect(await written(torchFile(twice, { '0': sixteen }))).toMatch('names "weight" twice')
  })
})

describe('archives', () => {
  const pickle = stateDict([['weight', tensor({ elements: 4, shape: [4], strides: [1] })]])
  const sixteen = new Uint8Array(16)
  const entry = (name: string, data: Uint8Array, more: Partial<Entry> = {}): Entry => ({
    name,
    data,
    ...more,
  })

  test('the right one is read', async () => {
    writeFileSync(file, torchFile(pickle, { '0': sixteen }))
    const { tensors } = await openTorch(file)
    expect(tensors.get('weight')).toMatchObject({ dtype: 'f32', shape: [4], length: 16 })
  })

  test.each<[string, () => Buffer, RegExp]>([
    ['an empty file', () => Buffer.alloc(0), /it is empty/],
    ['no archive', () => Buffer.from('hello'), /no zip archive/],
    ['an archive that is cut', () => torchFile(pickle, { '0': sixteen }).subarray(0, -10), /no zip archive/],
    ['no pickle', () => zip([entry('archive/data/0', sixteen)]), /0 entries data.pkl/],
    [
      'two pickles',
      () => zip([entry('a/data.pkl', pickle), entry('b/data.pkl', pickle)]),
      /2 entries data.pkl/,
    ],
    ['a compressed entry, a bomb', () => zip([entry('a/data.pkl', pickle, { method: 8 })]), /is compressed/],
    [
      'an entry that stands twice',
      () => zip([entry('a/data.pkl', pickle), entry('a/data.pkl', pickle)]),
      /two entries/,
    ],
    [
      'entries that overlap',
      () => zip([entry('a/data.pkl', pickle), entry('a/data/0', sixteen, { claimed: { offset: 0 } })]),
      /overlaps the one before it/,
    ],
    [
      'an entry that is larger than the file',
      () => zip([entry('a/data.pkl', pickle, { claimed: { size: 0x7fffffff } })]),
      /no zip archive/,
    ],
    ['a name that leads out', () => zip([entry('../data.pkl', pickle)]), /no zip archive/],
    [
      'another byte order',
      () => torchFile(pickle, { '0': sixteen }, [entry('archive/byteorder', Buffer.from('big'))]),
      /big-endian/,
    ],
    [
      'a pickle of 17 MB',
      () => torchFile(Buffer.concat([pickle, Buffer.alloc(17 * 2 ** 20)]), { '0': sixteen }),
      /the limit is/,
    ],
  ])('%s', async (_, bytes, reason) => {
    expect(await written(bytes())).toMatch(reason)
  })

  test('a pickle that only makes things ends, without much memory', async () => {
    const before = process.memoryUsage().rss
    const dicts = Buffer.alloc(15 * 2 ** 20, '}')
    expect(await written(torchFile(dicts))).toMatch('more than 1000000 operations')
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * 2 ** 20)
  })
})

describe('bytes that are changed anywhere', () => {
  const whole = readFileSync(join(saved('layouts'), 'protocol2.pt'))
  /** Reads bytes: a table whose tensors lie in the file, or the named error. */
  async function read(bytes: Uint8Array): Promise<boolean> {
    writeFileSync(file, bytes)
    try {
      for (const t of (await openTorch(file)).tensors.values()) {
        const [start, length] = 'strides' in t ? [t.start, 0] : [t.offset, t.length]
        expect(start >= 0 && start + length <= bytes.length).toBe(true)
      }
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(WeightsError)
      return false
    }
  }

  test('never crash the reader', async () => {
    let refused = 0
    const change = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    })
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const bytes = Buffer.from(whole)
        for (const [at, value] of changes) bytes.writeUInt8(value, at)
        if (!(await read(bytes))) refused++
      }),
      { numRuns: 300 },
    )
    expect(refused).toBeGreaterThan(30)
  })

  test('may point to a place that no file has', async () => {
    const bytes = Buffer.from(whole)
    // the directory of an archive of 64 bits begins at this place
    bytes.writeUInt8(32, 6325)
    bytes.writeUInt8(0, 2)
    expect(await read(bytes)).toBe(false)
  })

  test('as a pickle never crash the interpreter', async () => {
    const pieces = [
      op.proto,
      op.stop,
      op.mark,
      op.dict,
      op.list,
      op.tuple,
      op.none,
      op.reduce,
      op.build,
      op.setItems,
      op.persistent,
      op.global('collections', 'OrderedDict'),
      op.global('torch._utils', '_rebuild_tensor_v2'),
      op.global('torch', 'FloatStorage'),
      op.text('storage'),
      op.int(3),
      tensor({ elements: 4, shape: [4], strides: [1] }),
      Buffer.from('q\x00'),
      Buffer.from('h\x00'),
      Buffer.from('aes'),
    ]
    const piece = fc.oneof(
      fc.constantFrom(...pieces),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (program) => {
        await read(torchFile(Buffer.concat(program), { '0': new Uint8Array(16) }))
      }),
      { numRuns: 200 },
    )
  })

  test('cut anywhere', async () => {
    for (let length = 0; length < whole.length; length += 97)
      expect(await read(whole.subarray(0, length))).toBe(false)
  })
})
