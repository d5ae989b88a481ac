/** The value of a JSON text, undefined where it is none: for files that may be damaged and are looked at closely next. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
