/** Tensors of a file beside the parameters that are to be read from it. */
export interface Mismatch {
  readonly missing: readonly string[]
  readonly unused: readonly string[]
  readonly different: readonly { readonly path: string; readonly wanted: string; readonly got: string }[]
}

/** At most so many are named. */
const shown = 12

/** The parts of a message: what is missing, unused and different. */
export const mismatchParts = (
  { missing, unused, different }: Mismatch,
  what: 'model' | 'adapter',
): readonly string[] => [
  ...(missing.length > 0 ? [`${missing.length} missing: ${list(missing)}`] : []),
  ...(unused.length > 0 ? [`${unused.length} unused: ${list(unused)}`] : []),
  ...(different.length > 0
    ? [
        `${different.length} different: ${different
          .slice(0, shown)
          .map((d) => `\`${d.path}\` is ${d.got}, the ${what} has ${d.wanted}`)
          .join(', ')}`,
      ]
    : []),
]

function list(names: readonly string[]): string {
  const named = names.slice(0, shown).map((n) => `\`${n}\``)
  return names.length > shown ? `${named.join(', ')} and ${names.length - shown} more` : named.join(', ')
}
