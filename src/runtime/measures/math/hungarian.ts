const at = (list: Float64Array | Int32Array, i: number): number => list[i] ?? 0

/**
 * The assignment of rows to distinct columns with the greatest sum, for an n x n matrix in row-major order: the column
 * of each row. Hungarian method with potentials and shortest augmenting paths, O(n^3).
 */
export function bestAssignment(score: Float64Array, n: number): Int32Array {
  // Rows and columns count from 1; column 0 stands for "row not placed yet".
  const rowPotential = new Float64Array(n + 1)
  const columnPotential = new Float64Array(n + 1)
  const rowOf = new Int32Array(n + 1)
  const previous = new Int32Array(n + 1)
  const slack = new Float64Array(n + 1)
  const visited = new Uint8Array(n + 1)

  for (let row = 1; row <= n; row++) {
    rowOf[0] = row
    slack.fill(Number.POSITIVE_INFINITY)
    visited.fill(0)
    let column = 0
    do {
      visited[column] = 1
      const from = at(rowOf, column)
      let step = Number.POSITIVE_INFINITY
      let next = 0
      for (let j = 1; j <= n; j++) {
        if (visited[j]) continue
        // Costs are negated scores: the least cost is the greatest score.
        const reduced = -at(score, (from - 1) * n + j - 1) - at(rowPotential, from) - at(columnPotential, j)
        if (reduced < at(slack, j)) {
          slack[j] = reduced
          previous[j] = column
        }
        if (at(slack, j) < step) {
          step = at(slack, j)
          next = j
        }
      }
      for (let j = 0; j <= n; j++) {
        if (visited[j]) {
          const placed = at(rowOf, j)
          rowPotential[placed] = at(rowPotential, placed) + step
          columnPotential[j] = at(columnPotential, j) - step
        } else {
          slack[j] = at(slack, j) - step
        }
      }
      column = next
    } while (rowOf[column] !== 0)
    while (column !== 0) {
      const before = at(previous, column)
      rowOf[column] = at(rowOf, before)
      column = before
    }
  }

  const columnOf = new Int32Array(n)
  for (let j = 1; j <= n; j++) columnOf[at(rowOf, j) - 1] = j - 1
  return columnOf
}
