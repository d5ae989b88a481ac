import type { Json } from '../artefact/json.js'

/** An object of JSON, not a list. */
export const isRecord = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
