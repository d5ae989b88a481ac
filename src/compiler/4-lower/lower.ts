import { idleNext } from '../../diagnostics/catalogue/state.js'
import { Diagnostics, type Span, UserError } from '../../diagnostics/diagnostic.js'
import type { Graph } from '../../graph/graph.js'
import { once } from '../../once.js'
import { allowances } from '../2-resolve/allowed.js'
import type { FlatStage } from '../2-resolve/flat-stage.js'
import type { CheckedPipeline } from '../3-elaborate/check.js'
import type { Facts } from '../3-elaborate/facts.js'
import { attached, factorsOf, specOf } from './adapters.js'
import { lowerEvaluation } from './evaluation.js'
import { lowerExport } from './exports.js'
import { withFieldLimits } from './field-limits.js'
import { type Lowered, withGraphs } from './lowered.js'
import { readModels } from './read-models.js'
import { lowerStage } from './stage.js'
import { checkCadences, stageValidation } from './validation.js'

/** Every stage and evaluation of a checked pipeline as a forward graph. Mistakes that only show here are reported. */
export function lower(
  { pipeline, statics }: CheckedPipeline,
  seed: number,
  diagnostics: Diagnostics,
  locate: (span: Span) => string,
): Lowered {
  const each = <A, B>(items: Iterable<A>, run: (item: A) => B | undefined): readonly B[] => {
    const results: B[] = []
    for (const item of items) {
      try {
        const result = run(item)
        if (result !== undefined) results.push(result)
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        diagnostics.add(error.diagnostic)
      }
    }
    return results
  }
  const items = [...pipeline.items.values()]
  const ever = attached(pipeline)
  const adapters = each(items, ({ item, file }) =>
    item.kind === 'adapter' && ever.has(item.name.text) ? statics.adapter(item, file) : undefined,
  )
  // Before an adapter is trained its product is zero, so one graph serves all moments.
  const facts: Facts = {
    trained: null,
    changing: null,
    adapters: new Map([...ever.keys()].map((name) => [name, 'merged'])),
    batches: 1,
  }
  const ofStage = <T>(stage: FlatStage, run: (own: Diagnostics) => T): T => {
    const own = new Diagnostics()
    try {
      return run(own)
    } finally {
      for (const d of own.all) diagnostics.add({ ...d, stage: stage.name.text })
    }
  }
  const trained = each(pipeline.stages, (flat) =>
    ofStage(flat, (own) => {
      const made = lowerStage(statics, flat, attached(pipeline, flat), own)
      return made && { flat, made }
    }),
  )
  const evaluations = each(items, ({ item, file }) =>
    item.kind === 'evaluate'
      ? {
          lowered: statics.scope.elaboration.during(facts, () => lowerEvaluation(statics, item, file)),
          item,
          file,
        }
      : undefined,
  )
  const stages = trained.map(({ flat, made }) =>
    ofStage(flat, (own) => ({
      ...made.stage,
      ...stageValidation(statics.scope, flat, made, evaluations, own),
    })),
  )
  checkCadences(stages, evaluations, diagnostics)
  const lowered = {
    adapters: adapters.map(specOf),
    stages,
    evaluations: evaluations.map((e) => e.lowered),
    exports: each(pipeline.exports, ({ model }) => lowerExport(statics, model, new Set(ever.keys()))),
  }
  const read = once(() => readModels(lowered))
  for (const [name, { item, inherited }] of pipeline.nexts) {
    const runs = lowered.stages.some(({ updates }) =>
      updates.some(({ states }) => states.some(({ model }) => model === name)),
    )
    if (inherited || runs || !read().has(name) || lowered.stages.length < pipeline.stages.length) continue
    diagnostics.add(idleNext(item.name.span, { name, stages: pipeline.stages.map((s) => s.name.text) }))
  }
  const confined = (graph: Graph): Graph => withFieldLimits(graph, { locate, guards: true })
  return {
    ...lowered,
    stages: lowered.stages.map((stage) => ({
      ...stage,
      updates: stage.updates.map((update) => ({ ...update, graph: confined(update.graph) })),
    })),
    evaluations: lowered.evaluations.map((e) => withGraphs(e, confined)),
    // a file is read by others, with ONNX's rules
    exports: lowered.exports.map((e) =>
      e.kind === 'function'
        ? {
            ...e,
            graphs: e.graphs.map(({ rows, graph }) => ({
              rows,
              graph: withFieldLimits(graph, { locate, guards: false }),
            })),
          }
        : e,
    ),
    pipeline: pipeline.name,
    seed,
    params: statics.paramValues(),
    data: [...statics.data.values()].map(({ spec }) => spec),
    // behind stages and evaluations, which may look at files of a directory
    models: [
      ...each(items, ({ item, file, inherited }) =>
        // A method that extends another and needs less of it does not ask for that one's weights.
        (item.kind !== 'model' && item.kind !== 'state') || (inherited && !read().has(item.name.text))
          ? undefined
          : item.kind === 'model'
            ? statics.finalModelSpec(item, file)
            : statics.stateSpec(item, file),
      ),
      ...adapters.map(factorsOf),
    ],
    allowed: allowances(pipeline).map(({ allow: { code, reason }, stage = null }) => ({
      code: code.text,
      reason: reason.text,
      stage,
    })),
  }
}
