/**
 * The error function to about 1e-15: its power series exp(-x*x) * 2x/sqrt(pi) * sum (2x*x)^n / (2n+1)!! near zero
 * (Abramowitz and Stegun 7.1.6), the continued fraction of erfc further out (7.1.14).
 */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  return Math.sign(x) * (a < 2.5 ? series(a) : 1 - complement(a))
}

function series(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

function complement(x: number): number {
  let fraction = x
  for (let n = 80; n >= 1; n--) fraction = x + n / 2 / fraction
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction)
}

/** The slope of erf is exp(logBell - x * x). */
export const logBell = Math.log(2 / Math.sqrt(Math.PI))
