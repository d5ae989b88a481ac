import { groupsOf, headingOf, type Cell, type Column, type Comparison, type Verdict } from './compare.js'
import { decimal, percent } from './format.js'

/** The marks of a terminal's table. */
const marks: Readonly<Record<Verdict, string>> = {
  better: '▲',
  worse: '▼',
  different: '≠',
  none: '=',
  unknown: ' ',
  reference: ' ',
}

const gap = '  '

/** The comparison as lines of at most `width` columns; columns that do not fit side by side follow below. */
export function textTable({ columns, rows, legend }: Comparison, width: number): string {
  const names = ['', '', ...rows.map((row) => row.label)]
  const nameWidth = Math.min(
    Math.max(...names.map((name) => name.length)),
    Math.max(8, Math.floor(width / 3)),
  )
  const texts = columns.map((column, c) => {
    const cells = rows.map((row) => plainCell(row.cells[c], column))
    return {
      group: column.group,
      lines: [`${headingOf(column)}${gap}`, ...cells],
      width: Math.max(headingOf(column).length, ...cells.map((t) => t.length)),
    }
  })

  const blocks = pack(texts, width - nameWidth)
  const drawn = blocks.map((block) => {
    const heads = groupsOf(block).map((members) => {
      const span = members.reduce((sum, member) => sum + member.width, 0) + gap.length * (members.length - 1)
      return clip(members[0]?.group ?? '', span).padEnd(span)
    })
    const body = names
      .slice(1)
      .map((name, line) =>
        [
          clip(name, nameWidth).padEnd(nameWidth),
          ...block.map((column) => (column.lines[line] ?? '').padStart(column.width)),
        ]
          .join(gap)
          .trimEnd(),
      )
    const rulerWidth = nameWidth + block.reduce((sum, column) => sum + gap.length + column.width, 0)
    const [labels = '', ...values] = body
    return [
      [' '.repeat(nameWidth), ...heads].join(gap).trimEnd(),
      labels,
      '─'.repeat(rulerWidth),
      ...values,
    ].join('\n')
  })
  return [...drawn, wrap(legend, width)].join('\n\n')
}

interface TextColumn {
  readonly group: string
  readonly lines: readonly string[]
  readonly width: number
}

/** Fills blocks of columns from left to right; a group moves as a whole where it fits a block of its own. */
function pack(columns: readonly TextColumn[], width: number): TextColumn[][] {
  const size = (list: readonly TextColumn[]): number =>
    list.reduce((sum, column) => sum + gap.length + column.width, 0)
  const blocks: TextColumn[][] = []
  for (const group of groupsOf(columns)) {
    for (const piece of size(group) <= width ? [group] : group.map((column) => [column])) {
      const last = blocks.at(-1)
      if (last && size([...last, ...piece]) <= width) last.push(...piece)
      else blocks.push([...piece])
    }
  }
  return blocks
}

function plainCell(cell: Cell | undefined, column: Column): string {
  if (!cell || cell.value === null) return `–${gap}`
  return `${valueText(cell, column)} ${marks[cell.verdict]}`
}

/** `0.183±0.004`, or a share and its null: `45.0±2.9 % (null 47.0)`. */
function valueText(
  { value, deviation, against }: Cell,
  { unit }: Pick<Column, 'unit'>,
  between = '±',
): string {
  if (value === null) return '–'
  const write = unit === 'share' ? percentNumber : decimal
  const spread = deviation === null ? '' : `${between}${write(deviation)}`
  const reference = typeof against === 'number' ? ` (null ${write(against)})` : ''
  return `${write(value)}${spread}${unit === 'share' ? ' %' : ''}${reference}`
}

const percentNumber = (share: number): string => percent(share).replace(' %', '')

/** The same for a README: GitHub's Markdown, values that are best beyond the noise in bold. */
export function markdownTable({ columns, rows, legend }: Comparison): string {
  const head = columns.map((column) => escapePipes(`${column.group} ${headingOf(column)}`))
  const lines = rows.map((row, r) =>
    row.cells.map((cell, c) => {
      const column = columns[c]
      if (!column) return ''
      const text = valueText(cell, column, ' ± ')
      const mark = marks[cell.verdict].trim()
      return `${column.best === r ? `**${text}**` : text}${mark === '' ? '' : ` ${mark}`}`
    }),
  )
  return [
    tableLine(['', ...head]),
    tableLine(['---', ...head.map(() => '---:')]),
    ...rows.map((row, r) => tableLine([escapePipes(row.label), ...(lines[r] ?? [])])),
    '',
    `${legend}.`,
  ].join('\n')
}

const tableLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const escapePipes = (text: string): string => text.replaceAll('|', '\\|')

const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`

/** Breaks at spaces. */
export function wrap(text: string, width: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}
