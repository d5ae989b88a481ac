import { type Cell, type Comparison, groupsOf } from '../../report/compare.js'
import { decimal } from '../../report/format.js'

/** The table for a paper, with the lines of the package booktabs; what is best is bold. */
export function latexTable({ columns, rows, legend }: Comparison): string {
  const groups = groupsOf(columns)
  let at = 2
  const spans = groups.map((group) => {
    const first = at
    at += group.length
    return { first, last: at - 1, name: escape(group[0]?.group ?? '') }
  })
  const heads = spans.map(({ first, last, name }) => `\\multicolumn{${last - first + 1}}{c}{${name}}`)
  const rules = spans.map(({ first, last }) => `\\cmidrule(lr){${first}-${last}}`)
  const body = rows.map((row, r) =>
    lineOf([escape(row.label), ...row.cells.map((cell, c) => valueOf(cell, columns[c]?.best === r))]),
  )
  return [
    `% ${legend}`,
    `\\begin{tabular}{l${'r'.repeat(columns.length)}}`,
    '\\toprule',
    lineOf(['', ...heads]),
    rules.join(' '),
    lineOf(['', ...columns.map(({ label }) => escape(label))]),
    '\\midrule',
    ...body,
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n')
}

const lineOf = (cells: readonly string[]): string => `${cells.join(' & ')} \\\\`

const marks: Readonly<Partial<Record<Cell['verdict'], string>>> = {
  better: '^{\\blacktriangle}',
  worse: '^{\\blacktriangledown}',
  different: '^{\\neq}',
}

function valueOf({ value, deviation, verdict }: Cell, best: boolean): string {
  if (value === null) return '--'
  const number = minus(decimal(value))
  const text = best ? `\\mathbf{${number}}` : number
  const spread = deviation === null ? '' : ` \\pm ${minus(decimal(deviation))}`
  return `$${text}${spread}${marks[verdict] ?? ''}$`
}

/** The minus sign and powers of ten as mathematics writes them. */
const minus = (text: string): string =>
  text
    .replaceAll('−', '-')
    .replace(/e(-?)\+?(\d+)$/, (_, sign: string, power: string) => ` \\cdot 10^{${sign}${power}}`)

const escape = (text: string): string =>
  text
    .replaceAll(/[\\{}$&#%_^~]/g, (sign) =>
      sign === '\\' ? '\\textbackslash{}' : sign === '^' || sign === '~' ? `\\${sign}{}` : `\\${sign}`,
    )
    .replaceAll('²', '$^2$')
