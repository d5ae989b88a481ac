import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { DataSpec, HostExpression } from '../artefact/data.js'
import { findHostFunction } from '../sources/registry.js'
import type { MakeFields } from './fields.js'
import type { FieldsRequest, FieldsResponse } from './host-worker.js'
import type { TensorValue } from './sources/dataset.js'
import { SampleUnreadable } from './sources/sample-unreadable.js'
import { startScript } from './start-script.js'

/** Whether fields are work for other threads: pictures are decoded and changed, which takes milliseconds each. */
export const isHeavy = ({ parts }: DataSpec): boolean =>
  parts.some(({ values, lets }) => [...values, ...lets.map(({ value }) => value)].some(takesPictures))

function takesPictures(e: HostExpression): boolean {
  if (e.kind === 'operation') return e.operands.some(takesPictures)
  if (e.kind !== 'call') return false
  const { parameters } = findHostFunction(e.function) ?? { parameters: [] }
  return (
    parameters.some((p) => p.kind === 'column' && p.takes === 'picture') ||
    Object.values(e.arguments).some(takesPictures)
  )
}

interface Job {
  readonly request: FieldsRequest
  resolve(values: readonly TensorValue[]): void
  reject(error: unknown): void
}

/**
 * Threads that run host functions, each on one row at a time. Which of them makes a row changes nothing: what is drawn
 * follows from the row.
 */
export class HostPool {
  private static pool: HostPool | undefined
  private readonly idle: Worker[] = []
  private readonly waiting: Job[] = []
  private readonly running = new Map<Worker, Job>()

  constructor(readonly size: number) {}

  /** Of the process; leaves a processor to the graph. */
  static shared(): HostPool {
    return (HostPool.pool ??= new HostPool(Math.min(8, Math.max(1, availableParallelism() - 1))))
  }

  /** The fields of a declaration, made in the threads. */
  async prepare({ name, fields, parts }: DataSpec, root: string): Promise<MakeFields> {
    const plan = JSON.stringify({ name, fields, parts })
    return (sample, names, seed) =>
      new Promise((resolve, reject) => {
        this.waiting.push({ request: { plan, root, sample, names, seed }, resolve, reject })
        this.next()
      })
  }

  async end(): Promise<void> {
    const all = [...this.idle.splice(0), ...this.running.keys()]
    await Promise.all(all.map((worker) => worker.terminate()))
  }

  private next(): void {
    const job = this.waiting[0]
    const worker = job && (this.idle.pop() ?? (this.running.size < this.size ? this.start() : undefined))
    if (!worker) return
    this.waiting.shift()
    this.running.set(worker, job)
    worker.ref()
    worker.postMessage(job.request, [])
  }

  private start(): Worker {
    const worker = startScript('host-worker', import.meta.url)
    worker.on('message', (response: FieldsResponse) => {
      const job = this.running.get(worker)
      this.running.delete(worker)
      // A thread that waits keeps no process alive.
      worker.unref()
      this.idle.push(worker)
      if (response.kind === 'values') job?.resolve(response.values)
      else if (response.kind === 'unreadable')
        job?.reject(new SampleUnreadable(response.sample, response.reason))
      else job?.reject(response.error)
      this.next()
    })
    worker.on('error', (error) => {
      this.running.get(worker)?.reject(error)
      this.running.delete(worker)
      this.next()
    })
    return worker
  }
}
