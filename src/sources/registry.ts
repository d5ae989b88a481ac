import { sources } from './all.generated.js'
import { functions } from './functions/all.generated.js'
import type { DataSource, HostFunction } from './source.js'

/** The source of a name, as `data x = name(...)` calls it. */
export const findSource = (name: string): DataSource | undefined =>
  sources.find((source) => source.name === name)

/** The host function of a name, as the fields of a `data { }` block call it. */
export const findHostFunction = (name: string): HostFunction | undefined =>
  functions.find((f) => f.name === name)

export { functions, sources }
