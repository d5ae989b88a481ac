/** Text that is HTML already; everything else is escaped where it is put in. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | null | readonly (Html | null)[]

/** A template whose inserted strings are escaped; lists are joined, null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const inserted = parts.map((part) => {
    if (part === null) return ''
    if (part instanceof Html) return part.text
    if (typeof part === 'object') return part.map((item) => item?.text ?? '').join('')
    return escape(String(part))
  })
  return new Html(strings.map((text, i) => text + (inserted[i] ?? '')).join(''))
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
