import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { GraphSpec } from '../../src/artefact/graphs.js'
import type { Artefact } from '../../src/artefact/manifest.js'
import { type State, stateKey } from '../../src/artefact/roles.js'
import { statesOf, trainedOf } from '../../src/artefact/stage-parts.js'
import type { UpdateSpec } from '../../src/artefact/stages.js'
import { link } from '../../src/artefact/link.js'
import { compile } from '../../src/compiler/index.js'
import type { NarrowFloat } from '../../src/graph/types.js'
import { hyperAt } from '../../src/runtime/hyper.js'
import { type SafetensorsFile, openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { defaultTarget } from '../../src/targets/registry.js'
import type { Target } from '../../src/targets/target.js'
import type { StoredTensor } from '../../src/weights/table.js'
import { executionsOf } from '../../src/runtime/round.js'
import { loadGraph } from '../../src/runtime/executors/load.js'
import { StepLoop } from '../../src/runtime/step-loop.js'
import { type HostTensor, hostArray, toFloat32 } from '../../src/runtime/tensors.js'
import { fileSystemRoot } from '../../src/runtime/weights.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Compiles a pipeline given as text; a diagnostic fails the test with its words. */
export function compileText(text: string, target: Target = defaultTarget): Artefact {
  const { artefact, diagnostics } = compile({
    entry: 'test.dcr',
    target,
    files: {
      read: (path) =>
        path === 'test.dcr' ? text : readFileSync(join(repository, 'pipelines', path), 'utf8'),
    },
  })
  expect(diagnostics.filter((d) => d.severity === 'error').map((d) => `${d.code}: ${d.message}`)).toEqual([])
  if (!artefact) throw new Error('no errors and no artefact')
  return artefact
}

/** What an oracle wrote: `<name>.safetensors` and `<name>.json`. */
export class Fixture {
  private constructor(
    private readonly file: SafetensorsFile,
    readonly facts: Readonly<Record<string, unknown>>,
  ) {}

  static async open(name: string): Promise<Fixture> {
    const stem = join(repository, 'test', 'oracle', 'fixtures', name)
    return new Fixture(
      await openSafetensors(`${stem}.safetensors`),
      JSON.parse(readFileSync(`${stem}.json`, 'utf8')) as Record<string, unknown>,
    )
  }

  stored(name: string): StoredTensor {
    const tensor = this.file.tensors.get(name)
    if (!tensor) throw new Error(`${this.file.file} has no tensor ${name}`)
    return tensor
  }

  /** The names under a prefix, without it. */
  names(prefix: string): string[] {
    return [...this.file.tensors.keys()].flatMap((name) =>
      name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
    )
  }

  async tensor(name: string): Promise<HostTensor> {
    const { dtype, shape, ...stored } = this.stored(name)
    const type = dtype === 'i64' ? 'i64' : 'f32'
    return { dtype: type, shape, data: hostArray(type, await readTensor({ dtype, shape, ...stored })) }
  }
}

/** Where a parameter's value lies, rounded to a type where a graph reads it so. */
export type WeightSource = (model: string, path: string, as: NarrowFloat | null) => StoredTensor

function linked(artefact: Artefact, spec: GraphSpec, weight: WeightSource): Uint8Array {
  const bindings = spec.parameters.map(({ name, model, path, dtype, as }) => {
    const { file, offset, length } = weight(model, path, as)
    return [name, { location: relative(fileSystemRoot, file), offset, length, dtype }] as const
  })
  const bytes = artefact.files.get(spec.file)
  if (!bytes) throw new Error(`no file ${spec.file}`)
  return link(bytes, new Map(bindings))
}

/**
 * The input of a draw, by its path, behind the name of its update, and the micro-batches of that before it: a test feeds
 * what its oracle drew.
 */
export type Inputs = (path: string, step: number) => HostTensor | Promise<HostTensor>

async function fed(spec: GraphSpec, inputs: Inputs, step: number): Promise<Record<string, HostTensor>> {
  const feeds: Record<string, HostTensor> = {}
  for (const { name, role, shape } of spec.inputs) {
    if (role.kind !== 'draw') continue
    feeds[name] = { ...(await inputs(role.path, step)), shape }
  }
  return feeds
}

export interface StageResult {
  /** In the order in which updates were executed. */
  readonly losses: readonly number[]
  readonly gradNorms: readonly (number | null)[]
  readonly monitors: Readonly<Record<string, readonly number[]>>
  /** The optimizer's first slot after one step, divided by 1 - beta1: the (clipped) gradient that it saw. */
  readonly gradients: ReadonlyMap<string, Float32Array>
  /** Trained parameters and states at the end, by `<model>.<path>`. */
  readonly end: ReadonlyMap<string, Float32Array>
  /** Averages at the end, where they are kept. */
  readonly averages: ReadonlyMap<string, Float32Array>
}

/** Runs the steps of a stage with AdamW, with the monitors, from the weights that `weight` gives. */
export async function trainStage(
  artefact: Artefact,
  name: string,
  {
    steps,
    weight,
    inputs,
  }: { readonly steps: number; readonly weight: WeightSource; readonly inputs: Inputs },
): Promise<StageResult> {
  const stage = artefact.manifest.stages.find((s) => s.name === name)
  if (!stage) throw new Error(`no stage ${name}`)
  const bytes = (spec: GraphSpec | null): Uint8Array | null => spec && linked(artefact, spec, weight)
  const folder = await mkdtemp(join(tmpdir(), 'dcrc-parity-'))
  const loop = await StepLoop.open({
    skips: stage.on_nonfinite === 'skip',
    updates: stage.updates.map((spec) => {
      const { step, monitored, micro, prologue } = spec.graphs
      const graphs = {
        step: bytes(step),
        monitored: bytes(monitored),
        micro: bytes(micro),
        prologue: bytes(prologue),
      }
      return { spec, graphs, prologueFile: prologue && join(folder, `${spec.name}.prologue.safetensors`) }
    }),
    state: [
      ...trainedOf(stage).map(({ model, path, shape }) => ({
        key: stateKey(null, { kind: 'parameter', model, path }),
        dtype: 'f32' as const,
        shape,
        stored: weight(model, path, null),
      })),
      ...stage.updates.flatMap((update) =>
        update.trained.flatMap(({ model, path, shape }) => {
          const slots = update.slots.map((slot) => ({ kind: 'slot', slot, model, path }) as const)
          const average = { kind: 'average', model, path } as const
          const kept = (state: State, stored: StoredTensor | null) => [
            { key: stateKey(update.name, state), dtype: 'f32' as const, shape, stored },
          ]
          return [
            ...slots.flatMap((slot) => kept(slot, null)),
            ...(update.ema === null ? [] : kept(average, weight(model, path, null))),
          ]
        }),
      ),
      ...statesOf(stage).map(({ model, path, ...type }) => ({
        key: stateKey(null, { kind: 'carried', model, path }),
        ...type,
        stored: weight(model, path, null),
      })),
    ],
    settings: { target: 'cpu', root: fileSystemRoot, threads: 1 },
  })
  const state = async (
    slot: string,
    of: readonly { readonly model: string; readonly path: string; readonly shape: readonly number[] }[],
  ): Promise<ReadonlyMap<string, Float32Array>> => {
    const file = join(folder, 'state.safetensors')
    const keys = of.map(({ model, path, shape, ...rest }) => ({
      name: `${model}.${path}`,
      dtype: 'f32' as const,
      ...rest,
      shape,
      key: `${slot}/${model}/${path}`,
    }))
    await loop.write(file, keys)
    const { tensors } = await openSafetensors(file)
    const read = [...tensors].map(async ([key, { dtype, shape, ...t }]) => {
      const type = dtype === 'i64' ? 'i64' : 'f32'
      const data = hostArray(type, await readTensor({ dtype, shape, ...t }))
      return [key, toFloat32({ dtype: type, shape, data })] as const
    })
    return new Map(await Promise.all(read))
  }
  try {
    const losses: number[] = []
    const gradNorms: (number | null)[] = []
    const monitors: Record<string, number[]> = {}
    const gradients = new Map<string, Float32Array>()
    for (let k = 1; k <= steps; k++) {
      const executions = executionsOf(stage, k)
      for (const execution of executions) {
        const { update, index, number } = execution
        const { step, monitored, micro } = update.graphs
        const { accumulate } = update
        for (let m = 0; m < accumulate - 1; m++)
          if (micro)
            await loop.micro(
              index,
              await fed(micro, inputsOf(inputs, update.name), (number - 1) * accumulate + m),
            )
        const isWatched = monitored !== null && execution === executions.at(-1)
        const graph = isWatched ? monitored : step
        const hyper = hyperAt(update, number, stage.steps * update.times)
        const scalars = graph.inputs.flatMap(({ name: input, role }): [string, HostTensor][] => {
          if (role.kind !== 'hyper') return []
          const data = Float32Array.of(hyper[role.group]?.scalars[role.name] ?? NaN)
          return [[input, { dtype: 'f32', shape: [], data }]]
        })
        const feeds = {
          ...(await fed(graph, inputsOf(inputs, update.name), number * accumulate - 1)),
          ...Object.fromEntries(scalars),
        }
        const outcome = await loop.step(index, feeds, isWatched)
        if (outcome.kind !== 'done') throw new Error(`step ${k}: ${outcome.kind}`)
        losses.push(outcome.loss)
        gradNorms.push(outcome.gradNorm)
        for (const [monitor, value] of Object.entries(outcome.monitors))
          (monitors[monitor] ??= []).push(Number(value))
        if (number === 1) {
          const slot = ownOf(update, 'm')
          for (const [key, m] of await state(slot, update.trained))
            gradients.set(
              key,
              m.map((v) => v / (1 - beta1Of(update.groups))),
            )
        }
      }
    }
    const end = new Map([
      ...(await state('param', trainedOf(stage))),
      ...(await state('state', statesOf(stage))),
    ])
    const averaged = stage.updates.filter(({ ema }) => ema !== null)
    const averages = await Promise.all(averaged.map((update) => state(ownOf(update, 'ema'), update.trained)))
    return { losses, gradNorms, monitors, gradients, end, averages: new Map(averages.flatMap((a) => [...a])) }
  } finally {
    await loop.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** AdamW's first moment after one step is (1 - beta1) times the gradient. */
function beta1Of([group]: UpdateSpec['groups']): number {
  const betas = group?.settings['betas']
  return Array.isArray(betas) && typeof betas[0] === 'number' ? betas[0] : 0.9
}

/** How the keys begin under which an update keeps something of its own. */
const ownOf = ({ name }: UpdateSpec, kind: string): string => (name === null ? kind : `${name}/${kind}`)

/** What an update with a name is fed stands under its name. */
const inputsOf = (inputs: Inputs, update: string | null): Inputs =>
  update === null ? inputs : (path, at) => inputs(`${update}/${path}`, at)

/** Runs the graph of an evaluation over batches and gives its results by name. */
export async function evaluateOnce(
  artefact: Artefact,
  name: string,
  weight: WeightSource,
  inputs: Inputs,
): Promise<ReadonlyMap<string, HostTensor>> {
  const [part] = artefact.manifest.evaluations.find((e) => e.name === name)?.cases[0]?.parts ?? []
  if (!part) throw new Error(`no evaluation ${name}`)
  const graph = await loadGraph(part.graph, linked(artefact, part.graph, weight), {
    target: 'cpu',
    root: fileSystemRoot,
    threads: 1,
  })
  try {
    const feeds = await fed(part.graph, inputs, 0)
    const results = await graph.run(({ name: input }) => {
      const feed = feeds[input]
      if (!feed) throw new Error(`nothing to feed into ${input}`)
      return feed
    })
    return new Map([...results].map(([{ role }, t]) => [role.kind === 'result' ? role.name : '', t]))
  } finally {
    await graph.release()
  }
}

/** The largest difference of two arrays over the largest size of the second, which counts as `floor` at least. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 0): number {
  expect(actual.length).toBe(expected.length)
  let difference = 0
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(Number(actual[i]) - Number(expected[i])))
  }
  return difference / Math.max(largest(expected), floor, Number.MIN_VALUE)
}

function largest(values: ArrayLike<number>): number {
  let scale = 0
  for (let i = 0; i < values.length; i++) scale = Math.max(scale, Math.abs(Number(values[i])))
  return scale
}

/**
 * Some gradients are 0 in exact arithmetic (of a bias of keys, which shifts every score of a query alike), and then
 * float32 leaves rounding errors of larger terms: a tensor counts as no smaller than this share of the largest one.
 */
const smallest = 1e-3

/** Expects each tensor under a prefix of the fixture within a relative tolerance, and no other. */
export async function expectTensors(
  actual: ReadonlyMap<string, Float32Array>,
  fixture: Fixture,
  prefix: string,
  tolerance: number,
  nameOf: (name: string) => string = (name) => name,
): Promise<void> {
  const names = fixture.names(prefix)
  expect([...actual.keys()].sort()).toEqual(names.map(nameOf).sort())
  const wanted = await Promise.all(names.map(async (name) => toFloat32(await fixture.tensor(prefix + name))))
  const floor = smallest * Math.max(...wanted.map(largest))
  const far: string[] = []
  for (const [i, name] of names.entries()) {
    const error = relativeError(actual.get(nameOf(name)) ?? [], wanted[i] ?? [], floor)
    if (!(error <= tolerance)) far.push(`${name}: ${error}`)
  }
  expect(far).toEqual([])
}
