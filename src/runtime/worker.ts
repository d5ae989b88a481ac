import { parentPort } from 'node:worker_threads'
import type { GraphSpec } from '../artefact/graphs.js'
import { unfitRows } from '../diagnostics/catalogue/run-data.js'
import { type Diagnostic, UserError } from '../diagnostics/diagnostic.js'
import { faultOf, nowhere } from '../faults/fault.js'
import { GraphFault, type GraphFailure } from '../faults/graph-fault.js'
import type { EvaluationInput } from './measures/measure.js'
import { RowsUnfit } from './measures/rows-unfit.js'
import type { HostGraph } from './executors/executor.js'
import { loadGraph } from './executors/load.js'
import type { SessionSettings } from './session.js'
import { type StagePlan, type StateCopy, type StateTensor, StepLoop } from './step-loop.js'
import { type HostTensor, type HostTensors, buffersOf } from './tensors.js'
import { emptyTable } from '../json/table.js'

/** A reply and the memory that goes back with it. */
class Reply<T> {
  constructor(
    readonly value: T,
    readonly transfer: ArrayBuffer[],
  ) {}
}

let loop: StepLoop | undefined
let graph: HostGraph | undefined

const stage = (): StepLoop => {
  if (!loop) throw new Error('no stage is open')
  return loop
}

/** What the main thread can ask for; requests are served one after the other. */
const requests = {
  async openStage(plan: StagePlan) {
    loop = await StepLoop.open(plan)
  },
  async micro(update: number, feeds: HostTensors) {
    await stage().micro(update, feeds)
    const buffers = buffersOf(feeds)
    return new Reply({ buffers }, buffers)
  },
  async step(update: number, feeds: HostTensors, monitored: boolean) {
    const outcome = await stage().step(update, feeds, monitored)
    const buffers = buffersOf(feeds)
    return new Reply({ outcome, buffers }, buffers)
  },
  async isFinite() {
    return stage().isFinite()
  },
  async writeState(file: string, tensors: readonly StateTensor[]) {
    await stage().write(file, tensors)
  },
  async copyState(copies: readonly StateCopy[]) {
    stage().copy(copies)
  },
  async closeStage() {
    await loop?.close()
    loop = undefined
  },
  async openGraph(spec: GraphSpec, model: Uint8Array, settings: SessionSettings) {
    graph = await loadGraph(spec, model, settings)
  },
  async runGraph(feeds: HostTensors) {
    if (!graph) throw new Error('no graph is open')
    const outputs = await graph.run(({ name }) => {
      const tensor = feeds[name]
      if (!tensor) throw new Error(`nothing to feed into ${name}`)
      return tensor
    })
    const results = emptyTable<HostTensor>()
    for (const [{ name }, tensor] of outputs) results[name] = tensor
    const buffers = buffersOf(feeds)
    return new Reply({ results, buffers }, [...buffers, ...buffersOf(results)])
  },
  async closeGraph() {
    await graph?.release()
    graph = undefined
  },
  async measure(evaluation: string, kind: string, input: EvaluationInput) {
    // Loaded at first use, so that the first step need not wait for it.
    const { measures } = await import('./measures/all.generated.js')
    const found = measures.find(({ name }) => name === kind)
    if (!found) throw new Error(`nothing measures an evaluation of kind ${kind}`)
    try {
      return found.measure(input)
    } catch (error) {
      if (!(error instanceof RowsUnfit)) throw error
      const { message: problem, help } = error
      throw new UserError(unfitRows(nowhere, { evaluation, kind, problem, help }))
    }
  },
}

export type Requests = typeof requests

/** Between these the loop waits for batches; with all others it does something else. */
const steps: ReadonlySet<keyof Requests> = new Set(['micro', 'step'])

/** A request's result as the main thread gets it. */
export type Result<K extends keyof Requests> =
  Awaited<ReturnType<Requests[K]>> extends infer R ? (R extends Reply<infer T> ? T : R) : never

export interface Request {
  readonly id: number
  readonly name: keyof Requests
  readonly args: readonly unknown[]
}

/** Between threads an error keeps its message alone: what there is to tell of it goes as plain data. */
export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: GraphFailure }
  | { readonly id: number; readonly diagnostic: Diagnostic }
  | { readonly id: number; readonly error: unknown }

function failed(id: number, error: unknown): Response {
  if (error instanceof GraphFault) return { id, failure: error.failure }
  const diagnostic = faultOf(error)
  return diagnostic ? { id, diagnostic } : { id, error }
}

const port = parentPort
if (port) {
  let queue: Promise<void> = Promise.resolve()
  port.on('message', (request: Request) => {
    queue = queue.then(() => serve(request))
  })

  const serve = async ({ id, name, args }: Request): Promise<void> => {
    try {
      const method = requests[name] as (...args: readonly unknown[]) => Promise<unknown>
      const result = await method(...args)
      if (!steps.has(name)) loop?.beginWaiting()
      if (result instanceof Reply)
        port.postMessage({ id, value: result.value } satisfies Response, result.transfer)
      else port.postMessage({ id, value: result } satisfies Response)
    } catch (error) {
      port.postMessage(failed(id, error))
    }
  }
}
