import { z } from 'zod'

const count = z.int().nonnegative()

/** Where the order of a stream stands: all that decides what comes next, without what was read before. */
const streamCursor = z.strictObject({
  kind: z.literal('stream'),
  /** The turn that comes next. */
  own: count,
  epoch: count,
  /** The shard that is being read, by its place in the epoch's order, and the place in it. */
  shard: count,
  from: count,
  /** Rows read and rows given out in this epoch. */
  read: count,
  given: count,
  /** The rows that wait in the buffer: shard and place of each. */
  buffer: z.array(z.tuple([count, count])),
})

const mixedCursor = z.strictObject({
  kind: z.literal('mix'),
  /** The turn that comes next, and how many each part has had. */
  all: count,
  turns: z.array(z.strictObject({ all: count, own: count })),
  parts: z.array(streamCursor.nullable()),
})

/** In a checkpoint, so that a run goes on without reading again what it has read. */
export const cursorSchema = z.discriminatedUnion('kind', [streamCursor, mixedCursor])

export type Cursor = z.infer<typeof cursorSchema>
export type StreamCursor = z.infer<typeof streamCursor>
export type MixedCursor = z.infer<typeof mixedCursor>
