import { findOperation } from '../../sources/operations.js'
import type { Expression } from '../1-parse/syntax.js'

/** What the parts of `part(all, 0%..n, by = path)` speak of. */
export interface RowVisitor {
  /** A name of another declaration of data. */
  data(name: Expression & { readonly kind: 'name' }): void
  /** Columns of rows, and values of the pipeline where no column has the name. */
  columns(e: Expression): void
  /** Values of the pipeline. */
  value(e: Expression): void
}

/** Goes through what stands behind `data name =`. The names of sources and operations are no names of the file. */
export function visitRows(e: Expression, visitor: RowVisitor): void {
  if (e.kind === 'name') return visitor.data(e)
  if (e.kind !== 'call' || e.callee.kind !== 'name') return visitor.value(e)
  const operation = findOperation(e.callee.name)
  e.arguments.forEach((a, place) => {
    const parameter = operation?.parameters.find(({ name }, k) =>
      a.name ? name === a.name.text : k === place,
    )
    switch (parameter?.kind) {
      case 'rows':
        return visitRows(a.value, visitor)
      case 'list of rows':
        return a.value.kind === 'list'
          ? a.value.items.forEach((item) => visitRows(item, visitor))
          : visitor.value(a.value)
      case 'column':
      case 'condition':
        return visitor.columns(a.value)
      default:
        return visitor.value(a.value)
    }
  })
}
