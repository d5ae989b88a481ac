import { z } from 'zod'
import type { Json } from '../artefact/json.js'
import { seal, unseal } from '../sealed.js'

/** Metrics by moment (`start` or a stage's name) and evaluation. */
export type EvaluationTable = Record<string, Record<string, Readonly<Record<string, Json>>>>

export const evaluationTable: z.ZodType<EvaluationTable> = z.record(
  z.string(),
  z.record(z.string(), z.record(z.string(), z.json())),
)

const fileSchema = z.strictObject({ version: z.literal(1), moments: evaluationTable })

/** The text of `eval.json`. */
export const sealedTable = (moments: EvaluationTable): string => seal({ version: 1, moments })

/** What `eval.json` holds; undefined where it is not as it was written. */
export const tableIn = (text: string): EvaluationTable | undefined =>
  fileSchema.safeParse(unseal(text)).data?.moments
