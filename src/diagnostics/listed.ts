/** Names as code, the first of many. */
export const listed = (names: readonly string[], limit = 12): string => {
  const shown = names.slice(0, limit).map((n) => `\`${n}\``)
  return names.length > limit ? `${shown.join(', ')} and ${names.length - limit} more` : shown.join(', ')
}
