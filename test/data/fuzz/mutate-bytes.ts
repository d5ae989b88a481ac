import type { Random } from '../../syntax/mutate.js'

/** Numbers that lengths and offsets are read as, and that lead astray. */
const extremes = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

/** Changes a file in one to four places: bytes and bits, lengths, stretches cut, doubled, moved or taken from another file. */
export function mutateBytes(file: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(file)
  for (let changes = 1 + random(4); changes > 0; changes--) bytes = change(bytes, others, random)
  return bytes
}

function change(bytes: Buffer, others: readonly Buffer[], random: Random): Buffer {
  const at = random(bytes.length + 1)
  const end = Math.min(bytes.length, at + 1 + random(1 << (1 + random(9))))
  const stretch = (of: Buffer): Buffer => {
    const from = random(of.length + 1)
    return of.subarray(from, from + random(1 << (1 + random(9))))
  }
  const spliced = (...parts: readonly Uint8Array[]): Buffer =>
    Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(end)])
  switch (random(9)) {
    case 0:
      bytes[at] = random(256)
      return bytes
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return bytes
    case 2: {
      const number = Buffer.alloc(4)
      const value = extremes[random(extremes.length)] ?? 0
      if (random(2) === 0) number.writeUInt32LE(value)
      else number.writeUInt32BE(value)
      number.copy(bytes, at)
      return bytes
    }
    case 3:
      return bytes.subarray(0, at)
    case 4:
      return spliced()
    case 5:
      return spliced(bytes.subarray(at, end), bytes.subarray(at, end))
    case 6:
      return spliced(stretch(bytes))
    case 7:
      return spliced(stretch(others[random(others.length)] ?? bytes))
    default: {
      // a digit of a text or an octal field
      const digit = bytes.findIndex((byte, k) => k >= at && byte >= 48 && byte < 58)
      if (digit >= 0) bytes[digit] = 48 + random(10)
      return bytes
    }
  }
}
