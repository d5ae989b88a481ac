import type { GraphSpec } from '../artefact/graphs.js'
import { byteSize, elementCount } from '../graph/types.js'
import { draw, drawKey } from './draws.js'
import type { BadSamples } from './bad-samples.js'
import { checkEntries } from './field-limits.js'
import type { OpenData } from './fields.js'
import { goodFields } from './good-fields.js'
import type { Features } from './features/features.js'
import type { Sample } from './order/order.js'
import type { TensorValue } from './sources/dataset.js'
import { type HostTensor, type HostTensors, copyInto, hostArray } from './tensors.js'
import { emptyTable } from '../json/table.js'

type Input = GraphSpec['inputs'][number]

/** What the host feeds into one run of a graph, besides state and prologue results. */
export interface Feeding {
  readonly seed: number
  /** The name under which draws are keyed. */
  readonly stage: string
  readonly step: number
  readonly micro: number
  /** The rows that each data declaration gives to a batch of a size. */
  rows(data: OpenData, size: number): Promise<readonly Sample[]>
  /** Told of a row of a batch that cannot be read: another stands in its place. */
  leftOut?(at: number): void
  /** The optimizer's scalars, by group and name. */
  hyper(group: number, name: string): number
  /** What is kept of rows, and fed like their fields. */
  readonly features?: readonly Features[]
}

/** Batches and draws for graphs; gives the memory of used batches out again. */
export class Feeder {
  private readonly spare = new Map<number, ArrayBuffer[]>()

  constructor(
    private readonly data: ReadonlyMap<string, OpenData>,
    private readonly bad?: Pick<BadSamples, 'note'>,
  ) {}

  async feeds(spec: GraphSpec, feeding: Feeding): Promise<HostTensors> {
    const feeds = emptyTable<HostTensor>()
    for (const input of spec.inputs) {
      const { role, dtype, shape } = input
      if (role.kind === 'draw') {
        const place = {
          key: drawKey(feeding.seed, feeding.stage, role.path),
          step: feeding.step,
          micro: feeding.micro,
        }
        const data = this.memory(input)
        draw(role.distribution, shape, place, data)
        feeds[input.name] = { dtype, shape, data }
      } else if (role.kind === 'hyper') {
        feeds[input.name] = { dtype, shape, data: Float32Array.of(feeding.hyper(role.group, role.name)) }
      }
    }
    Object.assign(feeds, await this.batches(spec, feeding))
    return feeds
  }

  /** Takes back memory that came with `feeds`. */
  reuse(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      const list = this.spare.get(buffer.byteLength) ?? []
      if (list.length < maxSpare) list.push(buffer)
      this.spare.set(buffer.byteLength, list)
    }
  }

  private async batches(spec: GraphSpec, feeding: Feeding): Promise<HostTensors> {
    const names = spec.inputs.flatMap(({ role }) => (role.kind === 'batch' ? [role.data] : []))
    const feeds = emptyTable<HostTensor>()
    for (const name of new Set(names)) {
      const data = this.data.get(name)
      if (!data) throw new Error(`data ${name} is not open`)
      const inputs = spec.inputs.filter(({ role }) => role.kind === 'batch' && role.data === name)
      const all = inputs.map((input) => ({ ...target(input), data: this.memory(input) }))
      const kept = feeding.features?.filter((f) => f.data === name) ?? []
      const targets = all.filter(({ field }) => !kept.some((f) => f.makes(field)))
      const size = Math.max(...all.map((t) => t.rows))
      const behind = kept.flatMap(({ fields }) => fields)
      const samples = await feeding.rows(data, size)
      const made = await goodFields(data, samples, feeding.seed, (at) => [
        ...targets.flatMap((t) => (at < t.rows ? [t.field] : [])),
        ...behind,
      ])
      this.bad?.note(name, samples.length, [...made.bad.values()])
      for (const at of made.bad.keys()) feeding.leftOut?.(at)
      const nameOf = (at: number): string => {
        const id = samples[at]?.id ?? ''
        return made.bad.has(at) ? `in the place of ${id}` : id
      }
      made.values.forEach((values, at) => {
        const wanted = targets.filter((t) => at < t.rows)
        const row = nameOf(at)
        wanted.forEach((t, i) => {
          const value = tensorValue(values[i], t)
          checkEntries(value, t.limits, { data: name, field: t.field, row })
          copyInto(t.data, value, at * t.width)
        })
      })
      let from = -behind.length
      for (const features of kept) {
        const to = from + features.fields.length
        const rows = made.values.map((values, at) => ({
          values: values.slice(from, to === 0 ? undefined : to),
          name: nameOf(at),
        }))
        await features.fill(rows, all)
        from = to
      }
      for (const { name: to, dtype, shape, data: values } of all) feeds[to] = { dtype, shape, data: values }
    }
    return feeds
  }

  private memory(input: Input): HostTensor['data'] {
    return hostArray(input.dtype, this.spare.get(byteSize(input))?.pop() ?? new ArrayBuffer(byteSize(input)))
  }
}

/** Batches are few at a time: one that runs, one that waits, one in the making. */
const maxSpare = 8

function target({ name, dtype, shape, role }: Input) {
  const { field, limits = [] } = role.kind === 'batch' ? role : { field: '', limits: [] }
  return { name, dtype, shape, field, limits, rows: shape[0] ?? 1, width: elementCount(shape.slice(1)) }
}

function tensorValue(value: TensorValue | undefined, t: ReturnType<typeof target>) {
  if (value === undefined) throw new Error(`field ${t.field} is no tensor`)
  if (value.length !== t.width)
    throw new Error(`a row of field ${t.field} has ${value.length} values, not ${t.width}`)
  return value
}
