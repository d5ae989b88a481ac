import type { Span } from '../../diagnostics/diagnostic.js'
import type { Graph, Value } from '../../graph/graph.js'
import { type OpenRows, type Sized, openRows } from '../../graph/open-rows.js'
import { rewrite } from '../../graph/rewrite.js'

/** A function of any number of rows, as a graph for one number of them. */
export interface OpenFunction {
  readonly name: string
  /** What grows with the rows is an input of it, `rows/<k>` for the k-th. */
  readonly graph: Graph
  readonly grown: OpenRows
  readonly inputs: readonly Value[]
  readonly said: Said
}

/** What the source says of a function, and where. */
export interface Said {
  readonly span: Span
  readonly doc?: string | undefined
}

/** The name of an input that holds what grows with the rows. */
export const rowsInput = (k: number): string => `rows/${k}`

/**
 * Makes one graph of a function's graphs for several numbers of rows: the first, in which constants that grow with the
 * rows are inputs. `plain` is the same as it was lowered, for where optimisation made something of one number of rows
 * that it does not make of another.
 */
export function openFunction(
  name: string,
  said: Said,
  optimized: readonly Sized[],
  plain: readonly Sized[],
): OpenFunction {
  for (const graphs of [optimized, plain]) {
    const graph = graphs[0]?.graph
    const grown = openRows(graphs)
    if (!graph || 'reason' in grown) continue
    const constants = [...grown.keys()]
    const fed = rewrite(graph, {
      leaf: (value, b) => {
        const k = constants.indexOf(value)
        return k < 0 ? undefined : b.input(rowsInput(k), value.type)
      },
    })
    return { name, graph: fed, grown, inputs: graph.inputs, said }
  }
  throw new Error(`export: ${name} was lowered for any number of rows and is not so`)
}
