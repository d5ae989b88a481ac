const quote = 0x22
const backslash = 0x5c

/** A key that stands twice in one object of valid JSON, of which JSON.parse would drop one; undefined if there is none. */
export function repeatedKey(text: string): string | undefined {
  // The keys of each open object; a list has none.
  const open: (Set<string> | undefined)[] = []
  let isKey = false
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
        open.push(new Set())
        isKey = true
        break
      case '[':
        open.push(undefined)
        isKey = false
        break
      case '}':
      case ']':
        open.pop()
        break
      case ',':
        isKey = open.at(-1) !== undefined
        break
      case ':':
        isKey = false
        break
      case '"': {
        const end = endOfString(text, at)
        const keys = open.at(-1)
        if (isKey && keys) {
          const key = JSON.parse(text.slice(at, end + 1)) as string
          if (keys.has(key)) return key
          keys.add(key)
        }
        at = end
        break
      }
    }
  }
  return undefined
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === backslash) at++
    else if (code === quote) return at
  }
  return text.length - 1
}
