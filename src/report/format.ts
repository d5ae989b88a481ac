/** Numbers as tables write them: three decimals below 10, three or four digits above. */
export function decimal(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 5e-4 || size >= 1e5)) return minus(value.toExponential(1))
  return minus(value.toFixed(size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0))
}

export const percent = (share: number): string =>
  `${minus((share * 100).toFixed(share === 0 || share === 1 ? 0 : 1))} %`

/** With a sign in front. */
export const signed = (value: number): string => (value < 0 ? decimal(value) : `+${decimal(value)}`)

/** 12,345 */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** 1.2 M */
export function short(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} G`
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`
  return value >= 1e4 ? `${(value / 1e3).toFixed(0)} k` : count(value)
}

/** From milliseconds: 43 ms, 12.3 s, 3 min 20 s, 2 h 05 min. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** The sign that typography has for it. */
const minus = (text: string): string => text.replace(/^-/, '−').replace('e-', 'e−')
