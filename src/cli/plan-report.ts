import type { HostExpression } from '../artefact/data.js'
import { findHostFunction } from '../sources/registry.js'
import { callText, rowsText, valueText } from './row-text.js'
import type { Planning } from '../compiler/index.js'
import type { ModelPlan, PairsPlan, StagePlan, UpdatePlan } from '../compiler/plan/report.js'
import type { Arithmetic, Counts } from '../compiler/plan/arithmetic.js'
import { bytes, count, flops } from '../diagnostics/units.js'
import { describeConversions, type fileConversions } from './plan-weights.js'

/** The plan, and what the files that are there would be converted to. */
export type FullPlan = NonNullable<Planning['plan']> & {
  readonly files: Awaited<ReturnType<typeof fileConversions>>
}

/** A part of the plan: a heading and the lines below it. */
export type Section = readonly string[]

/** The plan as a user reads it. */
export const describePlan = (plan: FullPlan): readonly Section[] =>
  [
    describePipeline(plan),
    describeConversions(plan.conversions, plan.files),
    ...plan.stages.map(describeStage),
    describeEvaluations(plan),
  ].filter((lines) => lines.length > 0)

function describePipeline({ pipeline, seed, params, data }: FullPlan): Section {
  const values = Object.entries(params).map(([name, value]) => `${name} = ${valueText(value)}`)
  return [
    `pipeline ${pipeline}`,
    `  params       ${values.length > 0 ? values.join(', ') : 'none'}; seed ${seed}`,
    ...data.map((d) => `  data         ${d.name} = ${rowsText(d)}`),
    ...data.flatMap(describeKept),
  ]
}

/** Data whose pictures are made once and then read from the cache. */
function describeKept({ name, parts }: FullPlan['data'][number]): Section {
  const kept = (e: HostExpression): boolean =>
    e.kind === 'call' &&
    (findHostFunction(e.function)?.keeps === true || Object.values(e.arguments).some(kept))
  const made = parts.flatMap(({ lets, values }) => [...lets.map(({ value }) => value), ...values])
  return made.some(kept) ? [`  cached       pictures of ${name}, in .dcrc/cache/pictures`] : []
}

const describeEvaluations = ({ evaluations }: FullPlan): Section =>
  evaluations.length === 0
    ? []
    : [
        'evaluations',
        ...evaluations.flatMap(({ name, kind, cases }) =>
          cases.map(({ name: of, settings }) => {
            const path = of === null ? name : `${name}.${of}`
            return `  ${path.padEnd(12)} ${callText(kind, settings)}`
          }),
        ),
      ]

type Row = readonly [string, string]

function describeStage(s: StagePlan): readonly string[] {
  const [only] = s.updates
  const single = s.updates.length === 1 && only?.update === null ? only : undefined
  const types = typesRow(s)
  const rows: readonly Row[] = [
    ...(single ? optimizerRows(single, s) : []),
    ['compute', `${computeText(s, single)}, ${flops(s.flops * s.steps)} in all${onceText(s)}`],
    [
      'peak memory',
      `${bytes(s.memory.peak)} predicted (activations ${bytes(s.memory.activations)}, state and batch ${bytes(s.memory.inputs)}, frozen weights ${bytes(s.memory.weights)}, onnxruntime itself ${bytes(s.memory.session)})`,
    ],
    ...(s.cachedFlops > 0
      ? [
          [
            'cached',
            `${flops(s.cachedFlops)} a batch, for rows that are not yet in .dcrc/cache/features`,
          ] as const,
        ]
      : []),
    ...(types ? [types] : []),
    ...(single ? runRows(single, s.budget) : []),
    ...(s.stateBytes > 0 ? [['state', `${bytes(s.stateBytes)} carried from step to step`] as const] : []),
    [
      'checkpoint',
      single ? bytes(s.checkpointBytes) : `${bytes(s.checkpointBytes)}, ${saveText(s, 'rounds')}`,
    ],
    ['data', s.data.length > 0 ? s.data.join(', ') : 'none'],
  ]
  return [
    `stage ${s.stage}: ${s.steps.toLocaleString('en')} ${single ? 'steps' : 'rounds'}`,
    ...s.models.flatMap(describeModel),
    ...(single ? [] : s.updates.flatMap((update) => describeUpdateOfRound(update, s))),
    ...rows.map(([label, text]) => `  ${label.padEnd(12)} ${text}`),
  ]
}

function describeUpdateOfRound(u: UpdatePlan, s: StagePlan): readonly string[] {
  const rows = [
    ...optimizerRows(u, null),
    ['compute', `${flops(u.flops)} an execution${microText(u)}`] as const,
    ...runRows(u, s.budget),
  ]
  const times = u.times === 1 ? 'once' : `${u.times} times`
  return [
    `  update ${u.update}: ${times} a round, ${(u.times * s.steps).toLocaleString('en')} in all`,
    ...rows.map(([label, text]) => `    ${label.padEnd(10)} ${text}`),
  ]
}

/** How an update changes parameters; of a stage that is one, also when a checkpoint is written. */
const optimizerRows = (u: UpdatePlan, stage: StagePlan | null): readonly Row[] => [
  ...describeGroups(u.groups).map((text): Row => ['optimizer', text]),
  ['update', [...updateTexts(u), ...(stage ? [saveText(stage, 'steps')] : [])].join(', ')],
]

const runRows = (u: UpdatePlan, budget: number | null): readonly Row[] => [
  ...(u.pairs ? [pairsRow(u.pairs, budget)] : []),
  ...(u.again ? [againRow(u.again, u.flops, budget)] : []),
  ['bus', `${bytes(u.bus.in)} in, ${bytes(u.bus.out)} out per ${u.update === null ? 'step' : 'execution'}`],
]

const microText = ({ accumulate }: UpdatePlan): string =>
  accumulate > 1 ? ` of ${accumulate} micro-batches` : ''
const computeText = ({ flops: each }: StagePlan, single: UpdatePlan | undefined): string =>
  single ? `${flops(each)} a step${microText(single)}` : `${flops(each)} a round`
const onceText = ({ prologueFlops }: StagePlan): string =>
  prologueFlops > 0 ? `, ${flops(prologueFlops)} once before` : ''

/** Defaults too: nothing that decides a result goes unsaid. Groups with the same settings are told as one. */
function describeGroups(groups: UpdatePlan['groups']): readonly string[] {
  const counts = new Map<string, number>()
  for (const { optimizer, settings, schedule, scheduleSettings, parameters } of groups) {
    const text = `${callText(optimizer, settings)}, ${callText(schedule, scheduleSettings)}`
    counts.set(text, (counts.get(text) ?? 0) + parameters)
  }
  return [...counts].map(([text, n]) => (counts.size > 1 ? `${text} for ${count(n)} parameters` : text))
}

const updateTexts = (u: UpdatePlan): readonly string[] => [
  u.clipNorm === null ? 'no clipping' : `clip_norm ${u.clipNorm}`,
  u.ema === null ? 'no averages' : `ema ${u.ema}`,
  ...(u.accumulate > 1 ? [`accumulate ${u.accumulate}`] : []),
  ...(u.exact === null ? [] : [`accumulate ${u.exact} exact`]),
]

const saveText = ({ saveEvery }: StagePlan, unit: 'steps' | 'rounds'): string =>
  saveEvery === null ? 'a checkpoint at the end' : `a checkpoint every ${saveEvery} ${unit} and at the end`

/** `adamw(lr = 0.001, betas = [0.9, 0.999])`, as the language writes it. */
/** `types  unet rounded to bf16; clip, enc rounded to bf16 from f32 masters; computed in f32, for ... no bf16 kernels` */
function typesRow({
  models,
  precision,
  rounded,
  inF32,
  arithmetic,
}: StagePlan): [string, string] | undefined {
  const narrow = models.filter((m) => m.as !== null && m.trained + m.frozen > 0)
  const types = [...new Set([...narrow.map((m) => m.as), ...(rounded.length > 0 ? [precision] : [])])]
  const lacking = [...new Set([...inF32, ...(arithmetic?.islands ?? [])])]
  const wide = lacking.length > 0 ? [`computed in f32 for want of a kernel: ${lacking.join(', ')}`] : []
  if (types.length === 0) return wide.length > 0 ? ['types', wide.join()] : undefined
  const weights = [
    ...narrow.map((m) => `${m.model} rounded to ${m.as}`),
    ...(rounded.length > 0 ? [`${rounded.join(', ')} rounded to ${precision} from f32 masters`] : []),
  ]
  const held = arithmetic
    ? arithmeticText(arithmetic)
    : `computed in f32, for the CPU has no ${types.join(' or ')} kernels`
  return ['types', [...weights, held, ...wide].join('; ')]
}

/** `a step has 24 products of matrices in bf16, 2 in f32, 1 convolution in bf16 and 40 casts` */
function arithmeticText({ matrices, kernels, casts }: Arithmetic): string {
  const counted = (counts: Counts, one: string, many: string): readonly string[] =>
    Object.entries(counts).map(
      ([type, n], k) => `${count(n)}${k > 0 ? '' : ` ${n === 1 ? one : many}`} in ${type}`,
    )
  const parts = [
    ...counted(matrices, 'product of matrices', 'products of matrices'),
    ...counted(kernels, 'convolution', 'convolutions'),
  ]
  return `a step has ${parts.join(', ')}${parts.length > 0 ? ' and ' : ''}${count(casts)} casts`
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

/** `again  1.1 TFLOP (5.4 %) for results not kept under a budget of 24 GB; 42.1 GB predicted with all kept` */
function againRow(
  { flops: more, peakOnce }: NonNullable<UpdatePlan['again']>,
  all: number,
  budget: number | null,
): Row {
  const share = ((100 * more) / (all - more)).toFixed(1)
  const goal = budget === null ? '' : ` under a budget of ${bytes(budget)}`
  return [
    'again',
    `${flops(more)} (${share} %) for results not kept${goal}; ${bytes(peakOnce)} predicted with all kept`,
  ]
}

/** One line per model, and one per part of it whose parameters have one role. */
function describeModel(m: ModelPlan): readonly string[] {
  const total = m.trained + m.state + m.frozen + m.unused
  const roles = (['trained', 'state', 'frozen', 'unused'] as const).filter((r) => m[r] > 0)
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
