import { plan as planPipeline } from '../compiler/index.js'
import type { ModelPlan, PairsPlan, StagePlan } from '../compiler/plan/report.js'
import { exitCodes } from './exit-codes.js'
import { describeConversions, fileConversions } from './plan-weights.js'
import { printDiagnostics } from './print.js'
import { findTarget } from './target.js'
import { bytes, count, flops } from '../diagnostics/units.js'

export interface PlanOptions {
  readonly json: boolean
  readonly set: ReadonlyMap<string, string>
}

/** `dcrc plan`: what each stage trains and what a step of it costs. */
export async function plan(name: string | undefined, options: PlanOptions): Promise<number> {
  const target = findTarget(name)
  const { diagnostics, plan: made, models = [] } = planPipeline({ ...target, settings: options.set })
  printDiagnostics(diagnostics, target.files.texts)
  if (!made) return exitCodes.userError
  const files = await fileConversions(models, target.files.root)
  const text = options.json
    ? JSON.stringify({ ...made, files }, null, 2)
    : [describeConversions(made.conversions, files), ...made.stages.map(describeStage)]
        .flatMap((lines) => (lines.length > 0 ? [lines.join('\n')] : []))
        .join('\n\n')
  process.stdout.write(options.json ? `${text}\n` : `pipeline ${made.pipeline}\n\n${text}\n`)
  return exitCodes.done
}

function describeStage(s: StagePlan): readonly string[] {
  const types = typesRow(s)
  const rows: [string, string][] = [
    [
      'compute',
      `${flops(s.flops)} a step${s.accumulate > 1 ? ` of ${s.accumulate} micro-batches` : ''}, ${flops(s.flops * s.steps)} in all${s.prologueFlops > 0 ? `, ${flops(s.prologueFlops)} once before` : ''}`,
    ],
    [
      'peak memory',
      `${bytes(s.memory.peak)} predicted (activations ${bytes(s.memory.activations)}, state and batch ${bytes(s.memory.inputs)}, frozen weights ${bytes(s.memory.weights)})`,
    ],
    ...(types ? [types] : []),
    ...(s.pairs ? [pairsRow(s.pairs, s.budget)] : []),
    ['bus', `${bytes(s.bus.in)} in, ${bytes(s.bus.out)} out per step`],
    ['checkpoint', bytes(s.checkpointBytes)],
    ['data', s.data.length > 0 ? s.data.join(', ') : 'none'],
  ]
  return [
    `stage ${s.stage}: ${s.steps.toLocaleString('en')} steps`,
    ...s.models.flatMap(describeModel),
    ...rows.map(([label, text]) => `  ${label.padEnd(12)} ${text}`),
  ]
}

/** `types  weights of unet in bf16, of clip, enc in bf16 from f32 masters; computed in f32: the CPU has no bf16 kernels` */
function typesRow({ models, precision, rounded }: StagePlan): [string, string] | undefined {
  const narrow = models.filter((m) => m.as !== null && m.trained + m.frozen > 0)
  const types = [...new Set([...narrow.map((m) => m.as), ...(rounded.length > 0 ? [precision] : [])])]
  if (types.length === 0) return undefined
  const weights = [
    ...narrow.map((m) => `${m.model} rounded to ${m.as}`),
    ...(rounded.length > 0 ? [`${rounded.join(', ')} rounded to ${precision} from f32 masters`] : []),
  ]
  return ['types', `${weights.join('; ')}; computed in f32, for the CPU has no ${types.join(' or ')} kernels`]
}

/** `pairs  2 of 8 rows at a time for at most 100 MB (282 MB predicted with all at once)` */
function pairsRow({ rows, chunk, refused, wholePeak }: PairsPlan, budget: number | null): [string, string] {
  const goal = budget === null ? '' : ` under a budget of ${bytes(budget)}`
  if (chunk !== null)
    return [
      'pairs',
      `${chunk} of ${rows} rows at a time${goal}; ${bytes(wholePeak)} predicted with all at once`,
    ]
  const reason = refused === null ? goal : `: ${refused}`
  return ['pairs', `all ${rows} rows at once${reason}`]
}

/** One line per model, and one per part of it whose parameters have one role. */
function describeModel(m: ModelPlan): readonly string[] {
  const total = m.trained + m.frozen + m.unused
  const roles = (['trained', 'frozen', 'unused'] as const).filter((r) => m[r] > 0)
  const summary = roles.length === 1 ? `all ${roles[0]}` : roles.map((r) => `${count(m[r])} ${r}`).join(', ')
  const head = `  ${m.model.padEnd(12)} ${count(total)} parameters, ${summary}${m.from === null ? '' : `, from ${m.from}`}${m.as === null ? '' : `, as ${m.as}`}`
  return roles.length <= 1
    ? [head]
    : [head, ...parts(m).map(([path, role, n]) => `    ${role.padEnd(8)} ${path} (${count(n)})`)]
}

/** The coarsest parts of the parameter tree in which all parameters have one role. */
function parts(m: ModelPlan, prefix = ''): readonly (readonly [string, string, number])[] {
  const groups = new Map<string, ModelPlan['parameters'][number][]>()
  for (const p of m.parameters) {
    const key = prefix + (p.path.slice(prefix.length).split('.')[0] ?? '')
    groups.set(key, [...(groups.get(key) ?? []), p])
  }
  return [...groups].flatMap(([path, group]) => {
    const [first] = group
    if (first && group.every((p) => p.role === first.role)) {
      return [[path, first.role, group.reduce((n, p) => n + p.elements, 0)] as const]
    }
    return parts({ ...m, parameters: group }, `${path}.`)
  })
}
