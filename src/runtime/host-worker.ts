import { parentPort } from 'node:worker_threads'
import type { DataSpec } from '../artefact/data.js'
import { type MakeFields, prepareFields } from './fields.js'
import type { Sample } from './order/order.js'
import type { TensorValue } from './sources/dataset.js'
import { SampleUnreadable } from './sources/sample-unreadable.js'

/** Fields of one row to make. */
export interface FieldsRequest {
  /** Of a data declaration, as JSON: what a thread has prepared for it, it keeps. */
  readonly plan: string
  readonly root: string
  readonly sample: Sample
  readonly names: readonly string[]
  readonly seed: number
}

export type FieldsResponse =
  | { readonly kind: 'values'; readonly values: readonly TensorValue[] }
  | { readonly kind: 'unreadable'; readonly sample: string; readonly reason: string }
  | { readonly kind: 'error'; readonly error: unknown }

const prepared = new Map<string, Promise<MakeFields>>()

const port = parentPort
if (port) {
  port.on('message', (request: FieldsRequest) => {
    void answer(request).then((response) => {
      const buffers = response.kind === 'values' ? response.values.flatMap(transferable) : []
      port.postMessage(response, buffers)
    })
  })
}

async function answer({ plan, root, sample, names, seed }: FieldsRequest): Promise<FieldsResponse> {
  try {
    const key = `${root}\0${plan}`
    const fields = prepared.get(key) ?? prepareFields(JSON.parse(plan) as DataSpec, root)
    prepared.set(key, fields)
    return { kind: 'values', values: await (await fields)(sample, names, seed) }
  } catch (error) {
    if (error instanceof SampleUnreadable)
      return { kind: 'unreadable', sample: error.sample, reason: error.reason }
    return { kind: 'error', error }
  }
}

/** Small arrays may share one buffer with others. */
const transferable = ({ buffer, byteLength }: TensorValue): ArrayBuffer[] =>
  buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
