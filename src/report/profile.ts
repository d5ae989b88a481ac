import { z } from 'zod'
import { bytes } from '../diagnostics/units.js'
import { seal, unseal } from '../sealed.js'

const rowSchema = z.strictObject({
  /** `file:line:column`; null: what the compiler adds, as the optimizer's updates. */
  place: z.string().nullable(),
  operators: z.array(z.string()).readonly(),
  ms: z.number(),
  /** What its nodes read and wrote. */
  bytes: z.number(),
  /** Floating-point operations of products and convolutions. */
  flops: z.number(),
})
/** What one place of the source took, all of its nodes and of the steps that were run together. */
export type ProfileRow = Readonly<z.infer<typeof rowSchema>>

const schema = z.strictObject({
  version: z.literal(1),
  /** Steps of which it is the sum. */
  steps: z.int().positive(),
  /** What the machine does in a product of large matrices. */
  flopsPerSecond: z.number().positive(),
  /** What took longest comes first. */
  rows: z.array(rowSchema).readonly(),
})
/** Where the time of a run went, by line of the source. */
export type Profile = Readonly<Omit<z.infer<typeof schema>, 'version'>>

/** The file of a run that holds it. */
export const profileFile = 'profile.json'

export const sealedProfile = (profile: Profile): string => seal({ version: 1, ...profile })

/** What the file holds; undefined where it is not as it was written. */
export const profileIn = (text: string): Profile | undefined => schema.safeParse(unseal(text)).data

/** So many lines are shown: the others take next to nothing. */
export const mostRows = 20

/** A line of a profile in words, of one step. */
export interface ProfileCells {
  readonly line: string
  readonly time: string
  /** Of the time of all lines, from 0 to 1. */
  readonly share: number
  readonly moved: string
  /** Of the speed of a large product of matrices; empty where there is no product. */
  readonly ofSgemm: string
  readonly operators: string
}

/** The lines that took longest. */
export function profileCells({ rows, steps, flopsPerSecond }: Profile): readonly ProfileCells[] {
  const total = timeOf(rows)
  return rows.slice(0, mostRows).map(({ place, operators, ms, bytes: moved, flops }) => ({
    line: place ?? 'optimizer and what the compiler adds',
    time: `${(ms / steps).toPrecision(3)} ms`,
    share: ms / total,
    moved: bytes(moved / steps),
    ofSgemm: flops === 0 ? '' : `${((100 * flops) / (ms / 1000) / flopsPerSecond).toFixed(0)} %`,
    operators: operators.join(' '),
  }))
}

/** What stands under the table. */
export function profileNote({ rows, steps, flopsPerSecond }: Profile): string {
  const speed = `${(flopsPerSecond / 1e9).toFixed(0)} GFLOP/s in a product of f32 matrices of 1024 x 1024`
  return `${(timeOf(rows) / steps).toPrecision(3)} ms in kernels a step, over ${steps} steps; this machine does ${speed}`
}

const timeOf = (rows: readonly ProfileRow[]): number => rows.reduce((sum, { ms }) => sum + ms, 0)
