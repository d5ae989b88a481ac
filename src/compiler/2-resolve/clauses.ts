/** Clauses with a value that say what an update does; a stage whose step is one update has them itself. */
const updateClauses = {
  minimize: 'minimize loss',
  optimizer: 'optimizer adamw(lr = 1e-4)',
  schedule: 'schedule cosine(warmup = 5%)',
  accumulate: 'accumulate 2',
  chunk: 'chunk 4',
  clip_norm: 'clip_norm 1.0',
  ema: 'ema 0.999',
} as const

/** Those of a stage as a whole. */
const stageClauses = {
  steps: 'steps 1_000',
  epochs: 'epochs 3',
  memory: 'memory 16 GB',
  precision: 'precision bf16',
  on_nonfinite: 'on_nonfinite "skip"',
  save_every: 'save_every 500',
} as const

/** The clauses that hold a value, with an example for messages. */
export const valueClauses = { ...updateClauses, ...stageClauses, times: 'times 5' } as const

export type ClauseName = keyof typeof valueClauses

export const isValueClause = (name: string): name is ClauseName => Object.hasOwn(valueClauses, name)

/** Which clauses there are, in a stage and in an update of one. */
export const clauseNames = {
  stage: [...Object.keys(updateClauses), ...Object.keys(stageClauses), 'train', 'monitor', 'keep', 'stop'],
  update: [...Object.keys(updateClauses), 'times', 'train'],
} as const

const ofUpdates: ReadonlySet<string> = new Set([...Object.keys(updateClauses), 'train', 'freeze'])

/** Whether a clause is of an update: a stage with updates leaves it to them. */
export const isOfUpdate = (name: string): boolean => name === 'times' || ofUpdates.has(name)
