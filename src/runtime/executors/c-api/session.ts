import type { GraphSpec } from '../../../artefact/graphs.js'
import type { Json } from '../../../artefact/json.js'
import { type SessionPlan, type SessionSettings, planSession } from '../../session.js'
import { checkInputs, told } from '../told.js'
import type { Library, Pointer } from './library.js'
import { captures, providerNamed } from './providers.js'

/** The levels of optimisation in the C API's numbers. */
const levels = { disabled: 0, basic: 1, extended: 2, layout: 3, all: 99 } as const

/** A session of the C API. */
export class Session {
  private constructor(
    readonly library: Library,
    readonly pointer: Pointer,
    private readonly profiled: boolean,
    private readonly captured: boolean,
  ) {}

  static async create(
    library: Library,
    spec: GraphSpec,
    model: Uint8Array,
    settings: SessionSettings,
    { captured = false }: { readonly captured?: boolean } = {},
  ): Promise<Session> {
    const plan = planSession(spec, settings)
    const pointer = await told(spec, () => create(library, model, plan, captured))
    const session = new Session(library, pointer, plan.profile !== undefined, captured)
    checkInputs(spec, session.inputNames())
    return session
  }

  private inputNames(): readonly string[] {
    const { library, pointer } = this
    const count = Number(library.make('SessionGetInputCount', pointer))
    return Array.from({ length: count }, (_, i) =>
      library.text('SessionGetInputName', pointer, i, library.allocator),
    )
  }

  /** What a run needs to know of itself; `number`: of what it reads and writes, among the runs of this session. */
  runOptions(number: number): Pointer | null {
    if (!this.captured) return null
    const options = this.library.make('CreateRunOptions')
    this.library.call('AddRunConfigEntry', options, 'gpu_graph_id', String(number))
    return options
  }

  release(): void {
    const { library, pointer } = this
    if (this.profiled) library.text('SessionEndProfiling', pointer, library.allocator)
    library.release('ReleaseSession', pointer)
  }
}

function create(library: Library, model: Uint8Array, plan: SessionPlan, captured: boolean): Pointer {
  const { provider, options: given, optimization, threads, profile, entries } = plan
  const options = library.make('CreateSessionOptions')
  try {
    library.call('SetSessionGraphOptimizationLevel', options, levels[optimization])
    library.call('SetSessionLogSeverityLevel', options, given.logSeverityLevel)
    if (!given.enableMemPattern) library.call('DisableMemPattern', options)
    if (threads !== undefined) library.call('SetIntraOpNumThreads', options, threads)
    if (profile !== undefined) library.call('EnableProfiling', options, profile)
    for (const [key, value] of configuration({ ...given.extra, session: entries }))
      library.call('AddSessionConfigEntry', options, key, value)
    providerNamed(provider).append?.(library, options, {
      ...plan.providerOptions,
      ...(captured ? captures : {}),
    })
    return library.createSession(model, options)
  } finally {
    library.release('ReleaseSessionOptions', options)
  }
}

/** Nested settings as entries of the session's configuration, whose keys are paths with points. */
function configuration(settings: Readonly<Record<string, Json>>, path = ''): readonly [string, string][] {
  return Object.entries(settings).flatMap(([name, value]): readonly [string, string][] =>
    typeof value === 'object' && value !== null
      ? configuration(value as Readonly<Record<string, Json>>, `${path}${name}.`)
      : [[`${path}${name}`, String(value)]],
  )
}
