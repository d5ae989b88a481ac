import { type Profile, mostRows, profileCells, profileNote } from '../report/profile.js'

/** Time, bytes and speed by line of the source, as a table of at most `width` columns. */
export function profileReport(profile: Profile, width: number): string {
  const lines = profileCells(profile).map(({ line, time, share, moved, ofSgemm, operators }) => [
    line,
    time,
    `${(100 * share).toFixed(1)} %`,
    moved,
    ofSgemm,
    operators,
  ])
  const table = [['line', 'a step', 'share', 'moved', 'of sgemm', 'operators'], ...lines]
  const widths = table[0]?.map((_, c) => Math.max(...table.map((line) => line[c]?.length ?? 0))) ?? []
  const text = table.map((line) =>
    cut(
      line
        .map((cell, c) => (c === 0 || c === 5 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
        .join('  ')
        .trimEnd(),
      width,
    ),
  )
  const more = profile.rows.length - mostRows
  return [...text, ...(more > 0 ? [`and ${more} more lines`] : []), profileNote(profile)].join('\n')
}

const cut = (line: string, width: number): string =>
  line.length > width ? `${line.slice(0, width - 1)}…` : line
