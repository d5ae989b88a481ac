/** A field of a protobuf message: its number, and what it holds as a number or as bytes. */
export interface Field {
  readonly number: number
  /** Of a varint, or a float of 32 bits. */
  readonly value: number
  readonly bytes: Uint8Array
}

/** The bytes are no message. */
export class ProtobufProblem extends Error {}

const nothing = new Uint8Array()

/** The fields of a message in order. Throws ProtobufProblem. */
export function fieldsOf(message: Uint8Array): readonly Field[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const fields: Field[] = []
  let at = 0
  const take = (length: number): number => {
    if (!(length <= message.length - at)) throw new ProtobufProblem()
    at += length
    return at - length
  }
  const varint = (): number => {
    let value = 0
    for (let power = 1; ; power *= 128) {
      const byte = message[take(1)] ?? 0
      value += (byte & 127) * power
      if (byte < 128) return value
      if (power > 2 ** 62) throw new ProtobufProblem()
    }
  }
  while (at < message.length) {
    const key = varint()
    const number = Math.floor(key / 8)
    switch (key % 8) {
      case 0:
        fields.push({ number, value: varint(), bytes: nothing })
        break
      case 1:
        take(8)
        break
      case 2: {
        const length = varint()
        const start = take(length)
        fields.push({ number, value: 0, bytes: message.subarray(start, start + length) })
        break
      }
      case 5:
        fields.push({ number, value: view.getFloat32(take(4), true), bytes: nothing })
        break
      default:
        throw new ProtobufProblem()
    }
  }
  return fields
}
