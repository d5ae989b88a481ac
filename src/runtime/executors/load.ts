import type { GraphSpec } from '../../artefact/graphs.js'
import { type SessionSettings, sessionModel } from '../session.js'
import type { Executor, HostGraph } from './executor.js'

/** The executor that settings name; no other one is loaded. */
export async function executorOf({ executor = 'binding', target }: SessionSettings): Promise<Executor> {
  if (executor === 'binding') return (await import('./binding/executor.js')).binding
  const { openLibrary } = await import('./c-api/library.js')
  const { executorOn } = await import('./c-api/executor.js')
  return executorOn(await openLibrary(), sessionModel(target).provider)
}

/** Creates the session of a linked graph. */
export async function loadGraph(
  spec: GraphSpec,
  model: Uint8Array,
  settings: SessionSettings,
): Promise<HostGraph> {
  return (await executorOf(settings)).load(spec, model, settings)
}
