import type { Experiment } from '../experiment.js'

/** What of the source tells the rows of a table from the first, in Markdown; nothing where values alone do. */
export function differencesText({ variants }: Pick<Experiment, 'variants'>): string {
  const parts = variants.flatMap(({ label, difference }) =>
    difference.length === 0
      ? []
      : [
          `${label}:`,
          ...difference.map(
            ({ at, text, of }) => `${of === 'base' ? 'without' : 'with'} ${at}\n\n\`\`\`dcr\n${text}\n\`\`\``,
          ),
        ],
  )
  return parts.length === 0 ? '' : `\n${parts.join('\n\n')}\n`
}
