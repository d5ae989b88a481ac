import { join } from 'node:path'
import { rootFolderEntry } from '../artefact/link.js'
import type { GraphSpec } from '../artefact/graphs.js'
import type { SessionModel } from '../targets/session.js'
import { sessions } from '../targets/sessions.js'
import type { ExecutorName } from './executors/names.js'

/** How sessions run; recorded with a run, because results are bit-equal only under equal settings. */
export interface SessionSettings {
  /** The target that the graphs are compiled for. */
  readonly target: string
  /** What runs the graphs; results do not depend on it. The one that runs everywhere when absent. */
  readonly executor?: ExecutorName | undefined
  /** The folder to which the locations of linked weights are relative. */
  readonly root: string
  /** Threads of an operator; onnxruntime's choice when absent. */
  readonly threads?: number | undefined
  /** Whether the runs of a stage's graphs are recorded and given to the device as a whole. */
  readonly captured?: boolean | undefined
  /** The folder into which onnxruntime writes what each node takes; nowhere when absent. */
  readonly profile?: string | undefined
}

/** What a session of a graph is made with, whoever makes it. */
export interface SessionPlan {
  readonly provider: string
  readonly providerOptions: NonNullable<SessionModel['providerOptions']>
  readonly options: SessionModel['options']
  readonly optimization: GraphSpec['optimization']
  readonly threads: number | undefined
  /** How the files of its profile begin. */
  readonly profile: string | undefined
  /** Entries of the configuration below `session`. */
  readonly entries: Readonly<Record<string, string>>
}

/** How sessions for a target are made. */
export function sessionModel(target: string): SessionModel {
  const session = sessions[target]
  if (!session) throw new Error(`no sessions for ${target}`)
  return session
}

/** The options that the compiler's schedule of a graph counts on. */
export function planSession(
  spec: GraphSpec,
  { target, root, threads, profile }: SessionSettings,
): SessionPlan {
  const session = sessionModel(target)
  return {
    provider: session.provider,
    providerOptions: session.providerOptions ?? {},
    options: session.options,
    optimization: spec.optimization,
    threads,
    profile: profile === undefined ? undefined : join(profile, spec.file),
    entries: { ...session.entries(spec), [rootFolderEntry]: root },
  }
}
