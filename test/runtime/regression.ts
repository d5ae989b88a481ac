import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'
import { identity } from '../../src/artefact/identity.js'
import { manifestFormat, manifestVersion } from '../../src/artefact/manifest-version.js'
import type { EvaluationSpec } from '../../src/artefact/evaluations.js'
import type { GraphSpec } from '../../src/artefact/graphs.js'
import type { Artefact, Manifest } from '../../src/artefact/manifest.js'
import type { StageSpec } from '../../src/artefact/stages.js'
import type { State } from '../../src/artefact/roles.js'
import type { Dataset } from '../../src/runtime/sources/dataset.js'
import { sha256 } from '../../src/graph/sha256.js'

const { ModelProto } = onnxProto.onnx

/**
 * A pipeline made by hand: two-stage linear regression on scaled inputs with noise,
 *   prediction = (x * scale) w + b + 0.1 eps,  loss = mean (prediction - y)^2,
 * where `line` (w, b) trains, `fixed` (scale) is frozen and `eps` is drawn. Its graphs are written in ONNX directly.
 */
export const features = 3
export const batch = 4

type NodeSpec = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Record<string, number>,
]

interface Boundary {
  readonly name: string
  readonly shape: readonly number[]
}

function model(
  inputs: readonly Boundary[],
  outputs: readonly Boundary[],
  nodes: readonly NodeSpec[],
  external: readonly Boundary[],
  constants: Readonly<Record<string, number | readonly bigint[]>> = {},
): Uint8Array {
  const info = ({ name, shape }: Boundary): Onnx.IValueInfoProto => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  })
  const proto: Onnx.IModelProto = {
    irVersion: 10,
    opsetImport: [{ domain: '', version: 22 }],
    graph: {
      name: 'test',
      input: inputs.map(info),
      output: outputs.map(info),
      node: nodes.map(([opType, input, output, attributes], i) => ({
        name: `${opType}_${i}`,
        opType,
        input: [...input],
        output: [...output],
        attribute: Object.entries(attributes ?? {}).map(([name, i]) => ({ name, type: 2, i })),
      })),
      initializer: [
        ...external.map(({ name, shape }) => ({
          name,
          dataType: 1,
          dims: [...shape],
          dataLocation: 1,
          externalData: [
            { key: 'location', value: 'unbound' },
            { key: 'offset', value: '0' },
            { key: 'length', value: String(4 * shape.reduce((n, d) => n * d, 1)) },
          ],
        })),
        ...Object.entries(constants).map(([name, value]) =>
          typeof value === 'number'
            ? { name, dataType: 1, dims: [], rawData: new Uint8Array(Float32Array.of(value).buffer) }
            : {
                name,
                dataType: 7,
                dims: [value.length],
                rawData: new Uint8Array(BigInt64Array.from(value).buffer),
              },
        ),
      ],
    },
  }
  return new Uint8Array(ModelProto.encode(proto).finish())
}

const f32 = (name: string, shape: readonly number[]) => ({ name, dtype: 'f32' as const, shape: [...shape] })
const scaleParameter = { ...f32('fixed/scale', [features]), model: 'fixed', path: 'scale', as: null }

/** pred, r = pred - y, loss and the gradients gw and gb, each divided by `parts`. */
const forward = (parts: number): { nodes: NodeSpec[]; constants: Record<string, number | bigint[]> } => ({
  nodes: [
    ['Mul', ['x', 'fixed/scale'], ['xs']],
    ['Unsqueeze', ['w', 'axis1'], ['wc']],
    ['MatMul', ['xs', 'wc'], ['mm']],
    ['Squeeze', ['mm', 'axis1'], ['lin']],
    ['Add', ['lin', 'b'], ['lb']],
    ['Mul', ['eps', 'tenth'], ['noise']],
    ['Add', ['lb', 'noise'], ['pred']],
    ['Sub', ['pred', 'y'], ['r']],
    ['Mul', ['r', 'r'], ['rr']],
    ['ReduceMean', ['rr'], ['loss'], { keepdims: 0 }],
    ['Mul', ['r', 'factor'], ['dr']],
    ['Unsqueeze', ['dr', 'axis1'], ['drc']],
    ['Mul', ['xs', 'drc'], ['gws']],
    ['ReduceSum', ['gws', 'axis0'], ['gw1'], { keepdims: 0 }],
    ['ReduceSum', ['dr', 'axis0'], ['gb1'], { keepdims: 0 }],
  ],
  constants: { axis0: [0n], axis1: [1n], tenth: 0.1, factor: 2 / batch / parts },
})

const update: NodeSpec[] = (['w', 'b'] as const).flatMap((p): NodeSpec[] => [
  ['Mul', [`buf_${p}`, 'momentum'], [`mb_${p}`]],
  ['Add', [`mb_${p}`, `g${p}`], [`buf_${p}'`]],
  ['Mul', [`buf_${p}'`, 'lr'], [`step_${p}`]],
  ['Sub', [p, `step_${p}`], [`${p}'`]],
])

const state = <S extends State>(of: S) => ({ kind: 'state', state: of }) as const
const w = { model: 'line', path: 'w' } as const
const b = { model: 'line', path: 'b' } as const

const inputs = {
  x: { ...f32('x', [batch, features]), role: { kind: 'batch', data: 'points', field: 'x' } },
  y: { ...f32('y', [batch]), role: { kind: 'batch', data: 'points', field: 'y' } },
  eps: { ...f32('eps', [batch]), role: { kind: 'draw', path: 'eps', distribution: { kind: 'normal' } } },
  w: { ...f32('w', [features]), role: state({ kind: 'parameter', ...w }) },
  b: { ...f32('b', []), role: state({ kind: 'parameter', ...b }) },
  buf_w: { ...f32('buf_w', [features]), role: state({ kind: 'slot', slot: 'momentum', ...w }) },
  buf_b: { ...f32('buf_b', []), role: state({ kind: 'slot', slot: 'momentum', ...b }) },
  lr: { ...f32('lr', []), role: { kind: 'hyper', group: 0, name: 'lr' } },
  acc_w: { ...f32('acc_w', [features]), role: state({ kind: 'gradient', term: null, ...w }) },
  acc_b: { ...f32('acc_b', []), role: state({ kind: 'gradient', term: null, ...b }) },
} as const satisfies Record<string, GraphSpec['inputs'][number]>

const outputs = {
  w: { ...f32("w'", [features]), role: state({ kind: 'parameter', ...w }) },
  b: { ...f32("b'", []), role: state({ kind: 'parameter', ...b }) },
  buf_w: { ...f32("buf_w'", [features]), role: state({ kind: 'slot', slot: 'momentum', ...w }) },
  buf_b: { ...f32("buf_b'", []), role: state({ kind: 'slot', slot: 'momentum', ...b }) },
  loss: { ...f32('loss', []), role: { kind: 'loss' } },
  norm: { ...f32('norm', []), role: { kind: 'grad_norm' } },
  residual: { ...f32('residual', []), role: { kind: 'monitor', name: 'residual' } },
  acc_w: { ...f32('gw', [features]), role: state({ kind: 'gradient', term: null, ...w }) },
  acc_b: { ...f32('gb', []), role: state({ kind: 'gradient', term: null, ...b }) },
  pred: { ...f32('pred', [batch]), role: { kind: 'result', name: 'prediction' } },
} as const satisfies Record<string, GraphSpec['outputs'][number]>

const norm: NodeSpec[] = [
  ['Mul', ['gw', 'gw'], ['gw2']],
  ['ReduceSum', ['gw2', 'axis0'], ['gws2'], { keepdims: 0 }],
  ['Mul', ['gb', 'gb'], ['gb2']],
  ['Add', ['gws2', 'gb2'], ['g2']],
  ['Sqrt', ['g2'], ['norm']],
]

export const momentum = 0.5

interface GraphParts {
  readonly file: string
  readonly inputs: readonly GraphSpec['inputs'][number][]
  readonly outputs: readonly GraphSpec['outputs'][number][]
  readonly nodes: readonly NodeSpec[]
  readonly constants: Readonly<Record<string, number | readonly bigint[]>>
}

function graph(files: Map<string, Uint8Array>, parts: GraphParts): GraphSpec {
  files.set(parts.file, model(parts.inputs, parts.outputs, parts.nodes, [scaleParameter], parts.constants))
  return {
    file: parts.file,
    inputs: [...parts.inputs],
    outputs: [...parts.outputs],
    parameters: [scaleParameter],
    flops: 0,
    optimization: 'disabled',
    peak_bytes: 0,
  }
}

function stageSpec(files: Map<string, Uint8Array>, name: string, options: Options): StageSpec {
  const { accumulate = 1 } = options
  const { nodes, constants } = forward(accumulate)
  const gradients: NodeSpec[] =
    accumulate === 1
      ? [
          ['Identity', ['gw1'], ['gw']],
          ['Identity', ['gb1'], ['gb']],
        ]
      : [
          ['Add', ['gw1', 'acc_w'], ['gw']],
          ['Add', ['gb1', 'acc_b'], ['gb']],
        ]
  const accumulators = accumulate === 1 ? [] : [inputs.acc_w, inputs.acc_b]
  const data = [inputs.x, inputs.y, inputs.eps, inputs.w, inputs.b]
  const step = {
    inputs: [...data, inputs.buf_w, inputs.buf_b, inputs.lr, ...accumulators],
    outputs: [outputs.w, outputs.b, outputs.buf_w, outputs.buf_b, outputs.loss, outputs.norm],
    nodes: [...nodes, ...gradients, ...norm, ...update],
    constants: { ...constants, momentum },
  }
  const monitor: NodeSpec = ['ReduceMean', ['r'], ['residual'], { keepdims: 0 }]
  return {
    name,
    hash: [name, options.lr, options.steps, accumulate].join(' '),
    after: [],
    steps: options.steps ?? 20,
    save_every: options.saveEvery ?? null,

    measures: [],
    keep_last: null,
    keep_best: null,
    stop: null,
    on_nonfinite: 'stop',
    guard: null,
    monitors: [{ name: 'residual', every: 3, statistic: 'value' }],
    updates: [
      {
        name: null,
        times: 1,
        accumulate,
        groups: [
          {
            optimizer: 'sgd',
            settings: { lr: options.lr ?? 0.05, momentum },
            schedule: 'linear_warmup',
            schedule_settings: { warmup: 5 },
          },
        ],
        trained: [
          { model: 'line', path: 'w', shape: [features], group: 0 },
          { model: 'line', path: 'b', shape: [], group: 0 },
        ],
        states: [],
        slots: ['momentum'],
        ema: null,
        graphs: {
          step: graph(files, { file: `${name}.step.onnx`, ...step }),
          monitored: graph(files, {
            file: `${name}.monitored.onnx`,
            ...step,
            outputs: [...step.outputs, outputs.residual],
            nodes: [...step.nodes, monitor],
          }),
          micro:
            accumulate === 1
              ? null
              : graph(files, {
                  file: `${name}.micro.onnx`,
                  inputs: [...data, ...accumulators],
                  outputs: [outputs.acc_w, outputs.acc_b, outputs.loss],
                  nodes: [...nodes, ...gradients],
                  constants,
                }),
          prologue: null,
        },
      },
    ],
  }
}

export interface Options {
  readonly steps?: number
  readonly accumulate?: number
  readonly saveEvery?: number
  readonly lr?: number
  readonly stages?: readonly string[]
  /** Where the frozen scale comes from; drawn from [1, 2) when absent. */
  readonly scaleFrom?: string
  readonly ignore?: string[]
  readonly evaluations?: boolean
}

/** The compiled pipeline. */
export function regression(options: Options = {}): Artefact {
  const files = new Map<string, Uint8Array>()
  const stages = (options.stages ?? ['first']).map((name) => stageSpec(files, name, options))
  const evaluations = options.evaluations
    ? [evaluationOver('points', files), evaluationOver(null, files)]
    : []
  return artefactOf(files, {
    format: manifestFormat,
    version: manifestVersion,
    compiler: 'test',
    pipeline: 'regression',
    target: 'cpu',
    seed: 7,
    weights: 'files',
    params: {},
    adapters: [],
    models: [
      {
        name: 'line',
        from: null,
        as: null,
        ignore: [],
        config: null,
        files: [],
        parameters: [
          { path: 'w', dtype: 'f32', shape: [features], init: { kind: 'normal', mean: 0, std: 1 } },
          { path: 'b', dtype: 'f32', shape: [], init: { kind: 'constant', value: 0.5 } },
        ],
      },
      {
        name: 'fixed',
        from: options.scaleFrom ?? null,
        as: null,
        ignore: options.ignore ?? [],
        config: null,
        files: [],
        parameters: [
          { path: 'scale', dtype: 'f32', shape: [features], init: { kind: 'uniform', low: 1, high: 2 } },
        ],
      },
    ],
    data: [
      {
        name: 'points',
        fields: [
          { name: 'x', dtype: 'f32', shape: [features] },
          { name: 'y', dtype: 'f32', shape: [] },
        ],
        parts: [
          {
            rows: { kind: 'source', source: 'points', arguments: {} },
            group: 0,
            lets: [],
            values: [
              { kind: 'column', name: 'x' },
              { kind: 'column', name: 'y' },
            ],
          },
        ],
        weights: [1],
      },
    ],
    stages,
    evaluations,
    exports: [{ kind: 'model', name: 'line' }],
    source_map: { places: [], declared: [], nodes: {} },
    allowed: [],
    edit_hint: null,
  })
}

/** Files with their manifest, which lists their hashes and has its own. */
export function artefactOf(
  files: ReadonlyMap<string, Uint8Array>,
  { hash: _hash, ...rest }: Omit<Manifest, 'hash' | 'files'> & { readonly hash?: string },
): Artefact {
  const body = { ...rest, files: Object.fromEntries([...files].map(([n, bytes]) => [n, sha256(bytes)])) }
  return { manifest: { ...body, hash: identity(body) }, files }
}

function evaluationOver(data: string | null, files: Map<string, Uint8Array>): EvaluationSpec {
  const name = data === null ? 'drawn' : 'all'
  const scalar = (n: string) => ({ ...f32(`${n}0`, []), model: 'line', path: 'b', as: null })
  const weight = { ...f32('line/w', [features]), model: 'line', path: 'w', as: null }
  const external = [scaleParameter, weight, { ...scalar('b'), name: 'line/b' }]
  const { nodes, constants } = forward(1)
  const rename = (n: string): string => (n === 'w' ? 'line/w' : n === 'b' ? 'line/b' : n)
  // The prediction is made by the nodes up to `pred`; y is not read.
  const used = nodes.slice(0, 7).map(([op, ins, outs]): NodeSpec => [op, ins.map(rename), outs])
  const spec: GraphSpec = {
    file: `${name}.onnx`,
    inputs: [inputs.x, inputs.eps],
    outputs: [outputs.pred],
    parameters: external,
    flops: 0,
    optimization: 'disabled',
    peak_bytes: 0,
  }
  files.set(spec.file, model(spec.inputs, spec.outputs, used, external, constants))
  return {
    name,
    kind: 'test',
    cases: [
      {
        name: null,
        settings: data === null ? { batches: 3 } : {},
        parts: [{ group: data === null ? null : 'rows', data, rows: batch, graph: spec }],
      },
    ],
    reads: ['line/w', 'line/b', 'fixed/scale'],
  }
}

/** Rows of a known relation: y = x . (1, -2, 3) + 0.5. */
export function points(length: number) {
  return {
    length,
    fingerprint: `points ${length}`,
    row(index: number) {
      const x = Float32Array.from({ length: features }, (_, i) => Math.sin(1 + index * 1.7 + i * 2.3))
      const [a = 0, b = 0, c = 0] = x
      return { x, y: Float32Array.of(a - 2 * b + 3 * c + 0.5) }
    },
  } satisfies Dataset
}
