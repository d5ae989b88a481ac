/** The clauses of a stage that hold a value, with an example for messages. */
export const valueClauses = {
  minimize: 'minimize loss',
  optimizer: 'optimizer adamw(lr = 1e-4)',
  schedule: 'schedule cosine(warmup = 5%)',
  steps: 'steps 1_000',
  epochs: 'epochs 3',
  accumulate: 'accumulate 2',
  chunk: 'chunk 4',
  memory: 'memory 16 GB',
  clip_norm: 'clip_norm 1.0',
  ema: 'ema 0.999',
  precision: 'precision bf16',
  save_every: 'save_every 500',
} as const

export type ClauseName = keyof typeof valueClauses

export const isValueClause = (name: string): name is ClauseName => Object.hasOwn(valueClauses, name)

export const clauseNames: readonly string[] = [...Object.keys(valueClauses), 'train', 'monitor']
