import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'

/**
 * Makes what data may be wrong for at the call that stands outside of the library: data is wrong for the program that
 * reads it, so a run that ends by it names the program's line.
 */
export function atCaller(b: Builder, make: () => Value): Value {
  const { span } = b
  b.span = b.caller ?? span
  try {
    return make()
  } finally {
    b.span = span
  }
}
