import { minimise } from './lbfgs.js'

/** Rows of features with their classes. */
export interface ClassifiedRows {
  readonly data: ArrayLike<number>
  readonly width: number
  readonly label: Int32Array
}

/** Weights of each class, then biases: [classes, width + 1]. */
export interface LogisticFit {
  readonly weights: Float64Array
  readonly classes: number
  readonly width: number
  readonly iterations: number
}

/** The W, b that minimise the mean cross entropy plus l2 / 2 |W|^2; by L-BFGS from zero. */
export function fitLogistic(
  rows: ClassifiedRows,
  classes: number,
  l2: number,
  iterations: number,
): LogisticFit {
  const { width, label } = rows
  const stride = width + 1
  const weights = new Float64Array(classes * stride)
  const logits = new Float64Array(classes)
  const taken = minimise(
    (point, gradient) => {
      gradient.fill(0)
      let loss = 0
      for (let row = 0; row < label.length; row++) {
        const own = label[row] ?? 0
        loss +=
          softmax({ weights: point, classes, width, iterations: 0 }, rows.data, row, logits, own) /
          label.length
        for (let c = 0; c < classes; c++) {
          const error = ((logits[c] ?? 0) - (c === own ? 1 : 0)) / label.length
          const at = c * stride
          for (let j = 0; j < width; j++)
            gradient[at + j] = (gradient[at + j] ?? 0) + error * (rows.data[row * width + j] ?? 0)
          gradient[at + width] = (gradient[at + width] ?? 0) + error
        }
      }
      for (let c = 0; c < classes; c++)
        for (let at = c * stride; at < c * stride + width; at++) {
          const weight = point[at] ?? 0
          loss += (l2 / 2) * weight * weight
          gradient[at] = (gradient[at] ?? 0) + l2 * weight
        }
      return loss
    },
    weights,
    { iterations, tolerance: 1e-6 },
  )
  return { weights, classes, width, iterations: taken }
}

/** The class with the largest logit and the cross entropy of each row. */
export function predictLogistic(
  fit: LogisticFit,
  { data, label }: ClassifiedRows,
): { readonly predicted: Int32Array; readonly loss: Float64Array } {
  const logits = new Float64Array(fit.classes)
  const predicted = new Int32Array(label.length)
  const loss = new Float64Array(label.length)
  for (let row = 0; row < label.length; row++) {
    loss[row] = softmax(fit, data, row, logits, label[row] ?? 0)
    predicted[row] = logits.indexOf(Math.max(...logits))
  }
  return { predicted, loss }
}

/** Writes the probabilities of a row into `out`; gives its cross entropy. */
function softmax(
  { weights, classes, width }: LogisticFit,
  data: ArrayLike<number>,
  row: number,
  out: Float64Array,
  own: number,
): number {
  let largest = -Infinity
  for (let c = 0; c < classes; c++) {
    const at = c * (width + 1)
    let sum = weights[at + width] ?? 0
    for (let j = 0; j < width; j++) sum += (weights[at + j] ?? 0) * (data[row * width + j] ?? 0)
    out[c] = sum
    largest = Math.max(largest, sum)
  }
  const logit = out[own] ?? NaN
  let total = 0
  for (let c = 0; c < classes; c++) {
    out[c] = Math.exp((out[c] ?? 0) - largest)
    total += out[c] ?? 0
  }
  for (let c = 0; c < classes; c++) out[c] = (out[c] ?? 0) / total
  return largest + Math.log(total) - logit
}
