import { bytes } from '../diagnostics/units.js'
import type { ProfileRow } from '../runtime/profile.js'

const most = 20

/** Time, bytes and speed by line of the source, as a table of at most `width` columns. */
export function profileReport(
  rows: readonly ProfileRow[],
  steps: number,
  flopsPerSecond: number,
  width: number,
): string {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0)
  const lines = rows
    .slice(0, most)
    .map(({ place, operators, ms, bytes: moved, flops }) => [
      place ?? 'optimizer and what the compiler adds',
      `${(ms / steps).toPrecision(3)} ms`,
      `${((100 * ms) / total).toFixed(1)} %`,
      bytes(moved / steps),
      flops === 0 ? '' : `${((100 * flops) / (ms / 1000) / flopsPerSecond).toFixed(0)} %`,
      operators.join(' '),
    ])
  const table = [['line', 'a step', 'share', 'moved', 'of sgemm', 'operators'], ...lines]
  const widths = table[0]?.map((_, c) => Math.max(...table.map((line) => line[c]?.length ?? 0))) ?? []
  const text = table.map((line) =>
    line
      .map((cell, c) => (c === 0 || c === 5 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
      .join('  ')
      .slice(0, width)
      .trimEnd(),
  )
  const rest = rows.length > most ? [`and ${rows.length - most} more lines`] : []
  const speed = `${(flopsPerSecond / 1e9).toFixed(0)} GFLOP/s in a product of f32 matrices of 1024 x 1024`
  return [
    ...text,
    ...rest,
    `${(total / steps).toPrecision(3)} ms in kernels a step; this machine does ${speed}`,
  ].join('\n')
}
