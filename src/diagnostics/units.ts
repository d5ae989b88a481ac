function scaled(value: number, step: number, units: readonly string[]): string {
  let unit = 0
  let v = value
  while (v >= step && unit < units.length - 1) {
    v /= step
    unit++
  }
  return `${v >= 100 || unit === 0 ? Math.round(v) : v.toFixed(v >= 10 ? 1 : 2)} ${units[unit]}`.trim()
}

/** Numbers as people read them, with three digits and a unit. */
export const flops = (n: number): string =>
  scaled(n, 1000, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP', 'EFLOP'])
export const bytes = (n: number): string => scaled(n, 1000, ['B', 'kB', 'MB', 'GB', 'TB'])
export const count = (n: number): string => scaled(n, 1000, ['', 'k', 'M', 'G']).replace(' ', '')
