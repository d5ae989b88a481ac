// Writes torch files byte by byte, right ones and wrong ones.

export interface Entry {
  readonly name: string
  readonly data: Uint8Array
  /** 0: stored. */
  readonly method?: number
  /** What the directory claims, where it lies. */
  readonly claimed?: { readonly size?: number; readonly offset?: number }
}

/** A zip archive of stored entries, as torch writes them, without checksums, which nothing reads. */
export function zip(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, data, method = 0, claimed } of entries) {
    const title = Buffer.from(name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(method, 8)
    local.writeUInt32LE(data.length, 18)
    local.writeUInt32LE(data.length, 22)
    local.writeUInt16LE(title.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(method, 10)
    central.writeUInt32LE(claimed?.size ?? data.length, 20)
    central.writeUInt32LE(claimed?.size ?? data.length, 24)
    central.writeUInt16LE(title.length, 28)
    central.writeUInt32LE(claimed?.offset ?? offset, 42)
    parts.push(local, title, Buffer.from(data))
    directory.push(central, title)
    offset += 30 + title.length + data.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(listing.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, listing, end])
}

const u8 = (n: number): Buffer => Buffer.from([n])

/** The operations of a pickle, by the names of Python's pickletools. */
export const op = {
  proto: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  dict: Buffer.from('}'),
  list: Buffer.from(']'),
  tuple: Buffer.from('t'),
  none: Buffer.from('N'),
  no: u8(0x89),
  reduce: Buffer.from('R'),
  make: u8(0x81),
  build: Buffer.from('b'),
  setItems: Buffer.from('u'),
  persistent: Buffer.from('Q'),
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  text: (text: string): Buffer => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    return Buffer.concat([Buffer.from('X'), length, bytes])
  },
  int: (n: number): Buffer => {
    const bytes = Buffer.alloc(5)
    bytes.write('J')
    bytes.writeInt32LE(n, 1)
    return bytes
  },
  long: (n: bigint): Buffer => {
    const bytes = Buffer.alloc(10)
    bytes.writeUInt8(0x8a, 0)
    bytes.writeUInt8(8, 1)
    bytes.writeBigInt64LE(n, 2)
    return bytes
  },
}

const ints = (values: readonly number[]): Buffer =>
  Buffer.concat([op.mark, ...values.map((n) => op.long(BigInt(n))), op.tuple])

export interface Tensor {
  readonly key?: string
  readonly storage?: string
  readonly elements: number
  readonly offset?: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

/** The operations that make a tensor. */
export const tensor = ({ key = '0', storage = 'FloatStorage', ...t }: Tensor): Buffer =>
  Buffer.concat([
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.mark,
    op.mark,
    op.text('storage'),
    op.global('torch', storage),
    op.text(key),
    op.text('cpu'),
    op.long(BigInt(t.elements)),
    op.tuple,
    op.persistent,
    op.long(BigInt(t.offset ?? 0)),
    ints(t.shape),
    ints(t.strides),
    op.no,
    op.global('collections', 'OrderedDict'),
    op.mark,
    op.tuple,
    op.reduce,
    op.tuple,
    op.reduce,
  ])

/** A pickle of a dict, each value given by the operations that make it. */
export const stateDict = (entries: readonly (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([
    op.proto,
    op.dict,
    op.mark,
    ...entries.flatMap(([name, value]) => [op.text(name), value]),
    op.setItems,
    op.stop,
  ])

/** A torch file of a pickle and its storages. */
export const torchFile = (
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  more: readonly Entry[] = [],
): Buffer =>
  zip([
    { name: 'archive/data.pkl', data: pickle },
    ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
    ...more,
  ])
