import protobuf from 'protobufjs/light.js'
import type { Json, Settings } from '../artefact/json.js'
import { picturesOf } from './metrics-pictures.js'
import { type MetricsLine, type UpdateMetrics, updatesOf } from './metrics-line.js'

/*
 * TensorBoard's event files: records of a length, its checksum, an Event and its checksum.
 * Source: tensorflow/core/lib/io/record_writer.cc, tensorflow/core/util/event.proto and framework/summary.proto;
 * tensorboard/plugins/hparams/plugin_data.proto.
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
      oneofs: { value: { oneof: ['simpleValue', 'image', 'tensor'] } },
      fields: {
        tag: { type: 'string', id: 1 },
        simpleValue: { type: 'float', id: 2 },
        image: { type: 'Image', id: 4 },
        tensor: { type: 'Tensor', id: 8 },
        metadata: { type: 'Metadata', id: 9 },
      },
    },
    Image: {
      fields: {
        height: { type: 'int32', id: 1 },
        width: { type: 'int32', id: 2 },
        colorspace: { type: 'int32', id: 3 },
        encodedImageString: { type: 'bytes', id: 4 },
      },
    },
    Tensor: {
      fields: {
        dtype: { type: 'int32', id: 1 },
        tensorShape: { type: 'Shape', id: 2 },
        stringVal: { rule: 'repeated', type: 'bytes', id: 8 },
      },
    },
    Shape: { fields: { dim: { rule: 'repeated', type: 'Dim', id: 2 } } },
    Dim: { fields: { size: { type: 'int64', id: 1 } } },
    Metadata: { fields: { pluginData: { type: 'PluginData', id: 1 } } },
    PluginData: {
      fields: { pluginName: { type: 'string', id: 1 }, content: { type: 'bytes', id: 2 } },
    },
    HParams: { fields: { sessionStartInfo: { type: 'SessionStart', id: 3 } } },
    SessionStart: {
      fields: {
        hparams: { rule: 'repeated', type: 'Entry', id: 1 },
        startTimeSecs: { type: 'double', id: 5 },
      },
    },
    // as a map is written
    Entry: { fields: { key: { type: 'string', id: 1 }, value: { type: 'HParam', id: 2 } } },
    HParam: {
      oneofs: { kind: { oneof: ['numberValue', 'stringValue', 'boolValue'] } },
      fields: {
        numberValue: { type: 'double', id: 2 },
        stringValue: { type: 'string', id: 3 },
        boolValue: { type: 'bool', id: 4 },
      },
    },
  },
})
const Event = nested?.['Event'] as protobuf.Type
const HParams = nested?.['HParams'] as protobuf.Type

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

const source = 'pipeline (source)'

/** The text of a pipeline, for TensorBoard's tab of texts. */
export const textRecord = (text: string, seconds: number): Uint8Array =>
  recordOf({
    wallTime: seconds,
    step: 0,
    summary: {
      value: [
        {
          tag: `${source}/text`,
          // 7: DT_STRING
          tensor: {
            dtype: 7,
            tensorShape: { dim: [{ size: 1 }] },
            stringVal: [Buffer.from(['```', text, '```'].join('\n'))],
          },
          metadata: { pluginData: { pluginName: 'text' } },
        },
      ],
    },
  })

const ofParams = '_hparams_'

/** The params of a pipeline, by which TensorBoard's tab of hyperparameters compares runs. */
export function paramsRecord(params: Settings, seconds: number): Uint8Array {
  const hparams = Object.entries(params).map(([key, value]) => ({ key, value: paramValue(value) }))
  const info = { sessionStartInfo: { hparams, startTimeSecs: seconds } }
  const content = HParams.encode(HParams.fromObject(info)).finish()
  const metadata = { pluginData: { pluginName: 'hparams', content } }
  const value = [{ tag: `${ofParams}/session_start_info`, metadata }]
  return recordOf({ wallTime: seconds, step: 0, summary: { value } })
}

function paramValue(value: Json): Readonly<Record<string, Json>> {
  if (typeof value === 'number') return { numberValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return { stringValue: typeof value === 'string' ? value : JSON.stringify(value) }
}

/** Behind the name of an evaluation in its tags: no stage is called so. */
const ofEvaluation = ' (evaluation)'

/** What an evaluation gave, if it is any: its numbers and its pictures, at a step of the stage that it was made in. */
export function evaluationRecord(
  {
    evaluation,
    moment,
    step,
  }: { readonly evaluation: string; readonly moment: string; readonly step: number },
  metrics: Readonly<Record<string, Json>>,
  seconds: number,
): Uint8Array | undefined {
  const stage = moment.replace(/-\d+$/, '')
  const tag = (name: string): string => `${evaluation}${ofEvaluation}/${stage}/${name}`
  const numbers = numbersOf(metrics).map(([name, value]) => ({ tag: tag(name), simpleValue: value }))
  const pictures = picturesOf(metrics).flatMap(([name, pngs]) =>
    pngs.map((png, k) => ({
      tag: tag(`${name}/${k}`),
      // width and height stand at the beginning of a PNG file
      image: {
        width: png.readUInt32BE(16),
        height: png.readUInt32BE(20),
        colorspace: 3,
        encodedImageString: png,
      },
    })),
  )
  const value = [...numbers, ...pictures]
  return value.length === 0 ? undefined : recordOf({ wallTime: seconds, step, summary: { value } })
}

function numbersOf(metrics: Json, path = ''): readonly (readonly [string, number])[] {
  if (typeof metrics === 'number') return [[path, metrics]]
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) return []
  return Object.entries(metrics).flatMap(([name, value]) =>
    numbersOf(value, path === '' ? name : `${path}/${name}`),
  )
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

/** What begins the tags of what a run says once. */
const ofRun: ReadonlySet<string> = new Set([source, ofParams])

/** The records of a file for whose place `keep` holds, up to the first that is damaged or cut off; of evaluations none. */
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
    if (stage?.endsWith(ofEvaluation)) continue
    if (stage === undefined || ofRun.has(stage) || keep({ stage, step: step ?? 0 }))
      kept.push(file.subarray(at, next))
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
