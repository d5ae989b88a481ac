import { unknownTarget } from '../diagnostics/catalogue/target.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { targetNamed, targets } from '../targets/registry.js'
import type { Target } from '../targets/target.js'

/** How a pipeline is compiled, as every command that compiles takes it. */
export interface CompilingOptions {
  readonly set: ReadonlyMap<string, string>
  readonly target?: string
}

/** What the compiler is asked with. Throws UserError. */
export function asked({ set, target }: CompilingOptions): {
  readonly settings: ReadonlyMap<string, string>
  readonly target?: Target
} {
  if (target === undefined) return { settings: set }
  const found = targetNamed(target)
  if (found) return { settings: set, target: found }
  throw new UserError(unknownTarget({ file: '--target', start: 0, end: 0 }, { target, known: targets }))
}

/** The same as words of a command line. */
export const wordsOf = ({ set, target }: CompilingOptions): readonly string[] => [
  ...(target === undefined ? [] : ['--target', target]),
  ...[...set].flatMap(([name, value]) => ['--set', `${name}=${value}`]),
]
