import type { Workspace } from './workspace.js'
import type { SourceSymbol } from './symbols.js'

/** What declares a symbol, in the words of its source: the head of a function or module, the line of a value. */
export function signature(workspace: Workspace, symbol: SourceSymbol): string {
  const text = workspace.read(symbol.span.file) ?? ''
  const { declaration: d, parameter, owner } = symbol
  const slice = (start: number, end: number): string => text.slice(start, end).trim()
  if (parameter) {
    const of = owner ? `  // ${symbol.kind === 'parameter' ? 'a parameter' : 'a field'} of ${owner.name}` : ''
    return slice(parameter.span.start, parameter.span.end) + of
  }
  if (!d) return symbol.kind === 'alias' ? `${symbol.target?.name} as ${symbol.name}` : symbol.name
  const whole = slice(d.span.start, d.span.end)
  switch (d.kind) {
    case 'fn':
      return slice(d.span.start, d.body.span.start).replace(/\s*[={]$/, '')
    case 'module':
    case 'record':
    case 'pipeline':
    case 'stage':
    case 'update':
    case 'data':
      return head(whole)
    default:
      return short(whole)
  }
}

/** Up to the brace that opens the body. */
function head(text: string): string {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '(' || c === '[') depth++
    if (c === ')' || c === ']') depth--
    if (c === '{' && depth === 0) return text.slice(0, i).trimEnd()
  }
  return text
}

const short = (text: string): string => {
  const lines = text.split('\n')
  return lines.length > 6 ? `${lines.slice(0, 5).join('\n')}\n...` : text
}
