/** Three to four significant digits. */
export function formatNumber(x: number): string {
  if (!Number.isFinite(x)) return String(x)
  if (x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e6)) return x.toExponential(2)
  return Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(4)
}
