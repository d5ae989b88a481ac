import './no-telemetry.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { GraphFault } from '../faults/graph-fault.js'
import { startScript } from './start-script.js'
import type { Request, Requests, Response, Result } from './worker.js'

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** The worker thread that runs graphs, seen from the main thread, which stays free while they run. */
export class WorkerThread {
  private readonly worker = startScript('worker', import.meta.url)
  private readonly waiting = new Map<number, Waiting>()
  private next = 0
  /** Why the thread serves no more. */
  private ended: unknown

  constructor() {
    this.worker.on('message', (response: Response) => {
      const waiting = this.waiting.get(response.id)
      this.waiting.delete(response.id)
      if ('value' in response) waiting?.resolve(response.value)
      else waiting?.reject(errorOf(response))
    })
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', (code) => this.fail(new Error(`the worker thread ended with code ${code}`)))
  }

  /** Asks for something; `transfer` is memory that the worker takes over. Requests are served in order. */
  call<K extends keyof Requests>(
    name: K,
    args: Parameters<Requests[K]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Result<K>> {
    if (this.ended !== undefined) return Promise.reject(this.ended)
    return new Promise((resolve, reject) => {
      const id = this.next++
      this.waiting.set(id, { resolve: (value) => resolve(value as Result<K>), reject })
      this.worker.postMessage({ id, name, args } satisfies Request, transfer)
    })
  }

  /**
   * Ends the thread once it has served what was asked for and closed what is open: in the middle of a run of onnxruntime
   * the end of a thread would be the end of the process.
   */
  async end(): Promise<void> {
    await Promise.allSettled([this.call('closeStage', []), this.call('closeGraph', [])])
    await this.worker.terminate()
  }

  private fail(error: unknown): void {
    this.ended ??= error
    for (const waiting of this.waiting.values()) waiting.reject(error)
    this.waiting.clear()
  }
}

function errorOf(response: Exclude<Response, { readonly value: unknown }>): unknown {
  if ('failure' in response) return new GraphFault(response.failure)
  return 'diagnostic' in response ? new UserError(response.diagnostic) : response.error
}
