/** A matrix in row-major order, float64. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float64Array
}

export const matrix = (rows: number, columns: number, data = new Float64Array(rows * columns)): Matrix => ({
  rows,
  columns,
  data,
})

/** A linear map from features to targets, with what it does to the features first. */
export interface RidgeFit {
  readonly featureMean: Float64Array
  readonly featureScale: Float64Array
  readonly targetMean: Float64Array
  /** [features, targets]. */
  readonly weights: Matrix
}

/**
 * Ridge regression in closed form: the W that minimises |Y - X W|^2 / n + lambda |W|^2, where X is standardised by the
 * mean and deviation of its columns and Y is centred. (X'X / n + lambda I) W = X'Y / n, by Cholesky.
 */
export function fitRidge(x: Matrix, y: Matrix, lambda: number): RidgeFit {
  const featureMean = columnMeans(x)
  const featureScale = columnDeviations(x, featureMean)
  const targetMean = columnMeans(y)
  const features = standardised(x, featureMean, featureScale)
  const targets = standardised(y, targetMean, new Float64Array(y.columns).fill(1))
  const gram = transposeProduct(features, features)
  for (let i = 0; i < gram.rows; i++)
    gram.data[i * gram.columns + i] = (gram.data[i * gram.columns + i] ?? 0) + lambda
  const weights = solveCholesky(gram, transposeProduct(features, targets))
  return { featureMean, featureScale, targetMean, weights }
}

/** The targets that a fit predicts, [rows, targets]. */
export function predictRidge(fit: RidgeFit, x: Matrix): Matrix {
  const features = standardised(x, fit.featureMean, fit.featureScale)
  const { columns, data: weights } = fit.weights
  const out = matrix(x.rows, columns)
  for (let i = 0; i < x.rows; i++) {
    const row = out.data.subarray(i * columns, (i + 1) * columns)
    row.set(fit.targetMean)
    for (let k = 0; k < x.columns; k++) {
      const value = features.data[i * x.columns + k] ?? 0
      for (let j = 0; j < columns; j++) row[j] = (row[j] ?? 0) + value * (weights[k * columns + j] ?? 0)
    }
  }
  return out
}

/** The rows of a matrix that are named. */
export function pickRows(x: Matrix, rows: readonly number[]): Matrix {
  const out = matrix(rows.length, x.columns)
  rows.forEach((row, i) =>
    out.data.set(x.data.subarray(row * x.columns, (row + 1) * x.columns), i * x.columns),
  )
  return out
}

function columnMeans({ rows, columns, data }: Matrix): Float64Array {
  const sum = new Float64Array(columns)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) sum[j] = (sum[j] ?? 0) + (data[i * columns + j] ?? 0)
  return sum.map((v) => v / rows)
}

/** A column that is constant keeps its scale. */
function columnDeviations({ rows, columns, data }: Matrix, means: Float64Array): Float64Array {
  const sum = new Float64Array(columns)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++)
      sum[j] = (sum[j] ?? 0) + ((data[i * columns + j] ?? 0) - (means[j] ?? 0)) ** 2
  }
  return sum.map((v) => (v > 0 ? Math.sqrt(v / rows) : 1))
}

function standardised({ rows, columns, data }: Matrix, means: Float64Array, scales: Float64Array): Matrix {
  return matrix(
    rows,
    columns,
    data.map((v, i) => (v - (means[i % columns] ?? 0)) / (scales[i % columns] ?? 1)),
  )
}

/** A'B / n for matrices of n rows each. */
function transposeProduct(a: Matrix, b: Matrix): Matrix {
  const out = matrix(a.columns, b.columns)
  for (let n = 0; n < a.rows; n++) {
    for (let i = 0; i < a.columns; i++) {
      const value = a.data[n * a.columns + i] ?? 0
      const at = i * b.columns
      for (let j = 0; j < b.columns; j++) {
        out.data[at + j] = (out.data[at + j] ?? 0) + value * (b.data[n * b.columns + j] ?? 0)
      }
    }
  }
  for (let i = 0; i < out.data.length; i++) out.data[i] = (out.data[i] ?? 0) / a.rows
  return out
}

/** Solves A X = B for a symmetric positive definite A: A = L L', L Z = B, L' X = Z. */
export function solveCholesky(a: Matrix, b: Matrix): Matrix {
  const n = a.rows
  const lower = cholesky(a)
  const x = matrix(n, b.columns, Float64Array.from(b.data))
  const subtract = (target: number, source: number, factor: number): void => {
    for (let j = 0; j < b.columns; j++) {
      x.data[target * b.columns + j] =
        (x.data[target * b.columns + j] ?? 0) - factor * (x.data[source * b.columns + j] ?? 0)
    }
  }
  const divide = (row: number): void => {
    const pivot = lower[row * n + row] ?? 1
    for (let j = 0; j < b.columns; j++)
      x.data[row * b.columns + j] = (x.data[row * b.columns + j] ?? 0) / pivot
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(i, k, lower[i * n + k] ?? 0)
    divide(i)
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(i, k, lower[k * n + i] ?? 0)
    divide(i)
  }
  return x
}

/** The lower triangle L of A = L L'. Throws where A is not positive definite. */
function cholesky({ rows: n, data }: Matrix): Float64Array {
  const lower = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = data[i * n + j] ?? 0
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] ?? 0) * (lower[j * n + k] ?? 0)
      if (i === j && !(sum > 0)) throw new NotPositiveDefinite()
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / (lower[j * n + j] ?? 1)
    }
  }
  return lower
}

/** Features are collinear and lambda is 0, or features are not finite. */
export class NotPositiveDefinite extends Error {}
