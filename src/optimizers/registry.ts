import { optimizers } from './all.generated.js'
import type { Optimizer } from './optimizer.js'

/** The optimizer of a name, as the clause `optimizer name(...)` calls it. */
export const findOptimizer = (name: string): Optimizer | undefined => optimizers.find((o) => o.name === name)

export { optimizers }
