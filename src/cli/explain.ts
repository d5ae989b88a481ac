import { kinds } from '../diagnostics/catalogue/index.js'
import { closest } from '../diagnostics/suggest.js'
import { exitCodes } from './exit-codes.js'
import { columns, fill } from '../diagnostics/wrap.js'

/** `dcrc explain CODE`: the page of a diagnostic; without a code the list of all. */
export function explain(code: string | undefined): number {
  if (code === undefined) {
    for (const kind of kinds.values())
      process.stdout.write(`${kind.code.padEnd(32)} ${kind.severity.padEnd(8)} ${firstSentence(kind.page)}\n`)
    return exitCodes.done
  }
  // without the folder of a code: what `allow` writes
  const short = [...kinds.values()].filter((k) => k.code.endsWith(`/${code.replaceAll('_', '-')}`))
  const kind = kinds.get(code) ?? (short.length === 1 ? short[0] : undefined)
  if (!kind) {
    const suggestion = short[0]?.code ?? closest(code, [...kinds.keys()])
    process.stderr.write(
      `there is no diagnostic \`${code}\`${suggestion === undefined ? '' : `; did you mean \`${suggestion}\`?`}\n`,
    )
    process.stderr.write('`dcrc explain` lists all\n')
    return exitCodes.userError
  }
  process.stdout.write(`${kind.severity}[${kind.code}]\n\n${fill(kind.page, columns())}\n`)
  return exitCodes.done
}

/** The page up to its first full stop, colon or semicolon; an ellipsis ends nothing. */
function firstSentence(page: string): string {
  const text = page.replaceAll('\n', ' ')
  const sentence = text.match(/^.*?(?=(?<!\.)[.:;](?: |$))/)?.[0] ?? text
  const longest = Math.max(30, (columns() ?? 132) - 42)
  return sentence.length <= longest
    ? sentence
    : `${sentence.slice(0, longest - 4).replace(/\s+\S*$/, '')} ...`
}
