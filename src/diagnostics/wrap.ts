/** Columns of the terminal that stdout is; undefined where it is a file or a pipe, whose lines stay as they are. */
export const columns = (): number | undefined => process.stdout.columns

/** Breaks a line at blanks; what goes on below is indented. */
export function wrap(line: string, width: number | undefined, indent: number): string {
  if (width === undefined || line.length <= width || width < indent + 20) return line
  const at = line.lastIndexOf(' ', width)
  if (at <= indent) return line
  return `${line.slice(0, at)}\n${wrap(' '.repeat(indent) + line.slice(at + 1), width, indent)}`
}

/** The paragraphs of a Markdown page, filled to a width; code and tables stay. */
export function fill(page: string, width: number | undefined): string {
  if (width === undefined) return page
  return page
    .split(/(^```[^]*?^```$)/m)
    .map((part) =>
      part.startsWith('```')
        ? part
        : part
            .split('\n\n')
            .map((text) =>
              /^[|\-*]/m.test(text) ? text : wrap(text.replaceAll(/(?<=\S)\n(?=\S)/g, ' '), width, 0),
            )
            .join('\n\n'),
    )
    .join('')
}
