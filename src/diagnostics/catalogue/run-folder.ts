import { define } from '../define.js'
import { bytes as amount } from '../units.js'

interface OwnerFacts {
  readonly pid: number
  readonly host: string
  readonly since: string
}
const owner = ({ pid, host, since }: OwnerFacts): string => `process ${pid} on ${host}, since ${since}`

export const runLocked = define<OwnerFacts & { folder: string }>(
  'run/locked',
  'error',
  `
Another process works in the folder of this run: its file \`lock\` says which one and on which machine. Two processes in
one run would each undo what the other does. Where another machine went down, its lock is taken over once it has not changed
for a minute; that of a process of this machine that has ended, at once, and of one that runs, never (on Linux, which
tells processes apart that had one number; elsewhere after a minute without a change).
`,
  (facts) => ({
    message: `${facts.folder} is the run of ${owner(facts)}`,
    help: 'wait for its end, end it, or name another folder with --run-dir',
  }),
)

export const lockTaken = define<OwnerFacts>(
  'run/lock-taken',
  'warning',
  `
The run belonged to a process that has ended without giving it back: it was killed, or its machine went down. This process
goes on with it.
`,
  (facts) => ({ message: `the run was that of ${owner(facts)}, which has ended: it is taken over` }),
)

export const lockLost = define<OwnerFacts & { folder: string }>(
  'run/lock-lost',
  'error',
  `
While this process stood still (suspended, or cut off from its disk) for more than a minute, another one has taken its run
over. This one ends without writing anything more.
`,
  (facts) => ({
    message: `${facts.folder} was taken over by ${owner(facts)}`,
    help: 'nothing is lost: the other process goes on from the last checkpoint',
  }),
)

export const damagedCheckpoint = define<{
  checkpoint: string
  problem: string
  aside: string
  instead: string | null
}>(
  'run/checkpoint-damaged',
  'warning',
  `
A checkpoint holds the sums of its files, and a resumed run goes on only from one of which every bit is as it was written.
This one is damaged: the disk has failed, or something else has written into it. It is moved aside, and the run goes on
from the one before, to the same end.
`,
  ({ checkpoint, problem, aside, instead }) => ({
    message: `${checkpoint} is damaged: ${problem}`,
    why: `it now lies in ${aside}`,
    help: instead === null ? 'the run goes on from its beginning' : `the run goes on from ${instead}`,
  }),
)

export const linkOut = define<{ path: string; to: string }>(
  'run/link-out',
  'error',
  `
A run that is resumed reads and writes within its folder alone. A link in it leads out of it: what stands there would be
read as the run's, or written over. Put the file or folder itself in its place; the folder of the run as a whole may be a
link.
`,
  ({ path, to }) => ({
    message: `${path} is a link to ${to}, outside of the run`,
    help: 'put the file or folder itself in its place',
  }),
)

export const damagedMetrics = define<{ file: string }>(
  'run/metrics-damaged',
  'warning',
  `
The lines of metrics up to the checkpoint from which a run goes on are not as they were written: the disk has failed, or
something else has written into the file. Lines that cannot be read are left out; training goes on exactly as it would have.
`,
  ({ file }) => ({
    message: `${file} is not as it was written: what it says of earlier steps may be wrong or incomplete`,
    help: 'weights and optimizer are whole; to have the metrics again, begin a new run',
  }),
)

export const restoredEvents = define<{ file: string }>(
  'run/events-damaged',
  'warning',
  `
The file of events for TensorBoard lacks steps up to the checkpoint from which a run goes on: the disk has failed, or
something else has written into it. What it lacks is written again from the metrics; only the times of day are those of now.
`,
  ({ file }) => ({
    message: `${file} is not as it was written: its events are made again from metrics.jsonl`,
    help: 'nothing is lost but the time of day of these events',
  }),
)

export const damagedInitial = define<{ file: string }>(
  'run/initial-damaged',
  'warning',
  `
The values that a model without a file began with are not as they were written: the disk has failed, or something else has
written into the file. They follow from the seed, so they are made again.
`,
  ({ file }) => ({
    message: `${file} is not as it was written: it is made again from the seed`,
    help: 'nothing is lost',
  }),
)

interface RoomFacts {
  readonly folder: string
  readonly needed: number
  readonly free: number
}
const room = ({ folder, needed, free }: RoomFacts): string =>
  `a checkpoint takes ${amount(needed)}, and ${amount(free)} are free on the disk of ${folder}`

export const littleRoom = define<RoomFacts & { step: number }>(
  'run/disk-low',
  'warning',
  `
Before a checkpoint is written, its size is compared with what is free on the disk. One that nothing but the clock asks for
is left out where it would not fit, and tried again later; training goes on. Make room: what the run has learnt since its
last checkpoint would be lost if it ended now.
`,
  ({ step, ...facts }) => ({
    message: `no checkpoint at step ${step}: ${room(facts)}`,
    help: 'make room; the next one is tried in a minute',
  }),
)

export const noRoom = define<RoomFacts>(
  'run/disk-full',
  'error',
  `
A checkpoint that the run cannot do without, at the end of a stage or before a measurement, would not fit on the disk.
Nothing of it was written; the checkpoints before it are as they were.
`,
  (facts) => ({
    message: room(facts),
    help: 'make room, or remove old runs; then go on from the last checkpoint with --resume',
  }),
)
