/** Sums of 2^20 are made in a blink; of more pairs nobody has the time to train them. */
const most = 20

/**
 * The exact two-sided p-value of paired differences without any assumption of their distribution: the share of all 2^n
 * choices of their signs whose sum is at least as far from zero. Null of none, or too many.
 */
export function signFlipP(differences: readonly number[]): number | null {
  const n = differences.length
  if (n === 0 || n > most) return null
  const sizes = differences.map(Math.abs)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const seen = Math.abs(differences.reduce((sum, d) => sum + d, 0))
  // sums that are equal but for rounding count as equal
  const least = seen - 1e-12 * total
  let reached = 0
  for (let signs = 0; signs < 2 ** n; signs++) {
    let sum = 0
    for (const [k, size] of sizes.entries()) sum += (signs >> k) & 1 ? size : -size
    if (Math.abs(sum) >= least) reached++
  }
  return reached / 2 ** n
}
