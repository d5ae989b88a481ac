/** A linear map from values to pixels. */
export interface Scale {
  readonly low: number
  readonly high: number
  at(value: number): number
}

export function linear(low: number, high: number, from: number, to: number): Scale {
  const range = high === low ? 1 : high - low
  return { low, high, at: (value) => from + ((value - low) / range) * (to - from) }
}

/** Round numbers (1, 2 or 5 times a power of ten) within [low, high], about `wanted` of them. */
export function ticks(low: number, high: number, wanted: number): number[] {
  const rough = (high - low) / wanted
  if (!(rough > 0) || !Number.isFinite(rough)) return [low]
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Ticks written with as many decimals as they need to differ. */
export function tickLabels(values: readonly number[]): string[] {
  const step = values.length > 1 ? Math.abs((values[1] ?? 0) - (values[0] ?? 0)) : Math.abs(values[0] ?? 1)
  const decimals = step > 0 ? Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) : 0
  const largest = Math.max(...values.map(Math.abs))
  if (decimals > 4 || largest >= 1e6) return values.map((value) => value.toExponential(1).replace('-', '−'))
  return values.map((value) =>
    (largest >= 1e4 ? `${value / 1000}k` : value.toFixed(decimals)).replace('-', '−'),
  )
}
