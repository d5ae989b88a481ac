import protobuf from 'protobufjs/light.js'
import { type MetricsLine, type UpdateMetrics, updatesOf } from './metrics-line.js'

/*
 * TensorBoard's event files: records of a length, its checksum, an Event and its checksum.
 * Source: tensorflow/core/lib/io/record_writer.cc, tensorflow/core/util/event.proto and framework/summary.proto.
 */

const { nested } = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { type: 'double', id: 1 },
        step: { type: 'int64', id: 2 },
        fileVersion: { type: 'string', id: 3 },
        summary: { type: 'Summary', id: 5 },
      },
    },
    Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
    Value: {
      // a choice of one: 0 is written too
      oneofs: { value: { oneof: ['simpleValue'] } },
      fields: { tag: { type: 'string', id: 1 }, simpleValue: { type: 'float', id: 2 } },
    },
  },
})
const Event = nested?.['Event'] as protobuf.Type

/** The name that TensorBoard looks for below a folder. */
export const eventsFile = 'events.out.tfevents.0.dcrc'

/** The first record of a file. */
export const startRecord = (seconds: number): Uint8Array =>
  recordOf({ wallTime: seconds, fileVersion: 'brain.Event:2' })

/** One optimizer step; its values are called `<stage>/<name>`, since each stage counts its own steps. */
export function stepRecord(line: MetricsLine, seconds: number): Uint8Array {
  const values = {
    ...Object.fromEntries(updatesOf(line).flatMap(([name, values]) => updateValues(name, values))),
    ...Object.fromEntries(Object.entries(line.monitors).map(([name, v]) => [`monitor/${name}`, v])),
    step_ms: line.step_ms,
    data_ms: line.data_ms,
  }
  const value = Object.entries(values).flatMap(([name, v]) =>
    typeof v === 'number' ? [{ tag: `${line.stage}/${name}`, simpleValue: v }] : [],
  )
  return recordOf({ wallTime: seconds, step: line.step, summary: { value } })
}

/** The values of an update, under its name where it has one. */
function updateValues(
  update: string | null,
  { loss, lr, grad_norm: norm }: UpdateMetrics,
): readonly (readonly [string, number | null])[] {
  const rates: readonly (readonly [string, number])[] =
    typeof lr === 'number' ? [['lr', lr]] : lr.map((rate, k) => [`lr/group_${k}`, rate])
  const values: readonly (readonly [string, number | null])[] = [
    ['loss', loss],
    ...rates,
    ['grad_norm', norm],
  ]
  return values.map(([name, value]) => [update === null ? name : `${update}/${name}`, value])
}

/** The records of a file, with the first one that readers ask for where it is missing. */
export const withStart = (records: Uint8Array, seconds: number): Uint8Array =>
  fileVersionOf(records) === undefined ? Buffer.concat([startRecord(seconds), records]) : records

function fileVersionOf(records: Uint8Array): string | undefined {
  if (records.length < 16) return undefined
  const length = Number(new DataView(records.buffer, records.byteOffset).getBigUint64(0, true))
  const { fileVersion } = Event.toObject(Event.decode(records.subarray(12, 12 + length)))
  return typeof fileVersion === 'string' ? fileVersion : undefined
}

/** The records of a file for whose place `keep` holds, up to the first that is damaged or cut off. */
export function keptRecords(
  file: Uint8Array,
  keep: (place: { readonly stage: string; readonly step: number }) => boolean,
): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const kept: Uint8Array[] = []
  for (let at = 0, next: number; at + 16 <= file.length; at = next) {
    next = at + 16 + Number(view.getBigUint64(at, true))
    if (next > file.length) break
    const data = file.subarray(at + 12, next - 4)
    if (view.getUint32(next - 4, true) !== masked(data)) break
    const { step, summary } = Event.toObject(Event.decode(data), { longs: Number }) as {
      readonly step?: number
      readonly summary?: { readonly value?: readonly { readonly tag: string }[] }
    }
    const stage = summary?.value?.[0]?.tag.split('/')[0]
    if (stage === undefined || keep({ stage, step: step ?? 0 })) kept.push(file.subarray(at, next))
  }
  return Buffer.concat(kept)
}

function recordOf(event: Readonly<Record<string, unknown>>): Uint8Array {
  const data = Event.encode(Event.create(event)).finish()
  const record = new Uint8Array(data.length + 16)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, masked(record.subarray(0, 8)), true)
  record.set(data, 12)
  view.setUint32(12 + data.length, masked(data), true)
  return record
}

/** The checksum of a record: CRC-32C, rotated and shifted so that a checksum of checksums differs from them. */
function masked(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** CRC-32C (Castagnoli) of each byte, least significant bit first. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  return crc
})
