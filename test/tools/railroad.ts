/** Draws the grammar as railroad diagrams: one page of SVG that needs nothing else, from the rules the parser runs. */
import { type Production, grammarRules, recovery, special, terminal } from './grammar.js'

/** A part of a diagram: its line enters at the left and leaves at the right, at height 0. */
interface Part {
  readonly width: number
  /** How far it reaches above and below its line. */
  readonly up: number
  readonly down: number
  draw(x: number, y: number): string
}

const gap = 12
const radius = 8

const line = (path: string): string => `<path d="${path}"/>`
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

function box(text: string, rule: boolean): Part {
  const width = text.length * 8 + 18
  return {
    width,
    up: 13,
    down: 13,
    draw(x, y) {
      const shape = `<rect x="${x}" y="${y - 12}" width="${width}" height="24"${rule ? '' : ' rx="12"'} class="${rule ? 'rule' : 'token'}"/>`
      const words = `<text x="${x + width / 2}" y="${y + 4}">${escape(text)}</text>`
      return rule ? `<a href="#${text}">${shape}${words}</a>` : shape + words
    },
  }
}

const nothing: Part = { width: 0, up: 0, down: 0, draw: () => '' }

function sequence(parts: readonly Part[]): Part {
  if (parts.length === 1 && parts[0]) return parts[0]
  return {
    width: parts.reduce((sum, p) => sum + p.width, 0) + gap * Math.max(0, parts.length - 1),
    up: Math.max(0, ...parts.map((p) => p.up)),
    down: Math.max(0, ...parts.map((p) => p.down)),
    draw(x, y) {
      let at = x
      return parts
        .map((part, k) => {
          const join = k === 0 ? '' : line(`M${at} ${y}h${gap}`)
          if (k > 0) at += gap
          const drawn = part.draw(at, y)
          at += part.width
          return join + drawn
        })
        .join('')
    },
  }
}

/** One of several, the first on the line and the others below it. */
function choice(parts: readonly Part[]): Part {
  const [first = nothing] = parts
  const inner = Math.max(...parts.map((p) => p.width))
  const side = 2 * radius + 4
  const drops: number[] = []
  let depth = first.down
  for (const part of parts.slice(1)) {
    drops.push(Math.max(depth + part.up + 6, 2 * radius))
    depth = (drops.at(-1) ?? 0) + part.down
  }
  const width = inner + 2 * side
  return {
    width,
    up: first.up,
    down: depth,
    draw(x, y) {
      const across = (part: Part, at: number): string =>
        part.draw(x + side, at) + line(`M${x + side + part.width} ${at}H${x + width - side}`)
      const branches = parts.slice(1).map((part, k) => {
        const drop = drops[k] ?? 0
        const fall = drop - 2 * radius
        const turn = `q${radius} 0 ${radius} ${radius}v${fall}q0 ${radius} ${radius} ${radius}h4`
        const rise = `h4q${radius} 0 ${radius} ${-radius}v${-fall}q0 ${-radius} ${radius} ${-radius}`
        return (
          line(`M${x} ${y}${turn}`) + across(part, y + drop) + line(`M${x + width - side} ${y + drop}${rise}`)
        )
      })
      const straight = line(`M${x} ${y}h${side}`) + line(`M${x + width - side} ${y}h${side}`)
      return straight + across(first, y) + branches.join('')
    },
  }
}

/** One or more times: a way back below. */
function loop(part: Part): Part {
  const side = radius + 4
  const drop = Math.max(part.down + 8, 2 * radius)
  const width = part.width + 2 * side
  return {
    width,
    up: part.up,
    down: drop + 2,
    draw(x, y) {
      const right = x + width - side
      const back = `M${right} ${y}q${radius} 0 ${radius} ${radius}v${drop - 2 * radius}q0 ${radius} ${-radius} ${radius}H${x + side}q${-radius} 0 ${-radius} ${-radius}v${-(drop - 2 * radius)}q0 ${-radius} ${radius} ${-radius}`
      return line(`M${x} ${y}h${side}`) + part.draw(x + side, y) + line(`M${right} ${y}h${side}`) + line(back)
    },
  }
}

/** A production; nothing for what only recovery reads. */
function part(production: Production): Part | undefined {
  const { type, name = '', definition = [] } = production
  const parts = (): readonly Part[] => definition.map(part).filter((p) => p !== undefined)
  const inner = (): Part | undefined => (parts().length > 0 ? sequence(parts()) : undefined)
  switch (type) {
    case 'Terminal':
      return box(terminal(name).replace(' (* on the line *)', ' on the line'), false)
    case 'NonTerminal':
      return recovery.has(name) ? undefined : box(name, true)
    case 'Option': {
      const some = inner()
      return some && choice([nothing, some])
    }
    case 'Repetition': {
      const some = inner()
      return some && choice([nothing, loop(some)])
    }
    case 'Alternation':
      return parts().length > 1 ? choice(parts()) : parts()[0]
    default:
      return inner()
  }
}

function diagram(rule: Production): string {
  const { name = '', definition = [] } = rule
  const text = special.get(name)
  const whole =
    text !== undefined
      ? choice(text.split(' | ').map((each) => box(each.replaceAll('"', ''), false)))
      : (sequence(definition.map(part).filter((p) => p !== undefined)) ?? nothing)
  const [width, height, y] = [whole.width + 60, whole.up + whole.down + 24, whole.up + 12]
  const ends = [line(`M10 ${y - 8}v16m4 -16v16M10 ${y}h20`), line(`M${width - 30} ${y}h20m-4 -8v16m4 -16v16`)]
  const svg = `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">${ends.join('')}${whole.draw(30, y)}</svg>`
  return `<h2 id="${name}">${name}</h2>\n<div>${svg}</div>`
}

const style = `body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em }
div { overflow-x: auto }
h2 { font-size: 1em; margin: 1.5em 0 0.3em }
svg path { fill: none; stroke: #555; stroke-width: 1.5 }
svg rect { stroke: #555; stroke-width: 1.5 }
svg .token { fill: #e8f3e8 }
svg .rule { fill: #e8ecf7 }
svg text { font: 13px ui-monospace, monospace; text-anchor: middle }`

/** The text of grammar/railroad.html. */
export function renderRailroad(): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<!-- Written by \`npm run generate\` from the parser. -->
<title>The grammar of .dcr files</title>
<style>
${style}
</style>
<h1>The grammar of .dcr files</h1>
<p>Read along the lines from left to right; rounded boxes are tokens, square ones other rules. What diagrams do not say, and the tokens, stand in <a href="dcr.ebnf">dcr.ebnf</a>.</p>
${grammarRules().map(diagram).join('\n')}
</html>
`
}
