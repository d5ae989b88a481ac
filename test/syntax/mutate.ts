import { scan } from '../../src/compiler/1-parse/scan.js'

/** A number from 0 up to, not including, its argument. */
export type Random = (below: number) => number

/** A small generator (mulberry32): the same seed gives the same changes on every machine. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below) | 0
  }
}

const snippets =
  '( ) [ ] { } , : = == => -> . .. ..= ... ? | @ ** - + * / < ; # /* // /// " \' \\ \n \r \t 0 1 2.5 1e999 .5 99999999999999999999 use module record fn let pipeline extends override remove if else match for in draw true none not with param data model loss stage evaluate export train monitor every from as of like x _ "s" \u0000 é 日本 \u{1f600} \ud800 \ufeff'.split(
    ' ',
  )

/** Changes a source in one to four places: tokens, stretches and characters are cut, doubled, swapped or put in. */
export function mutate(source: string, random: Random): string {
  let text = source
  for (let changes = 1 + random(4); changes > 0; changes--) text = change(text, random)
  return text
}

function change(text: string, random: Random): string {
  const pick = <T>(items: readonly T[]): T | undefined => items[random(items.length)]
  const snippet = pick(snippets) ?? ''
  const at = random(text.length + 1)
  const range = (): [number, number] => {
    const token = pick(scan('', text).tokens)
    return token ? [token.startOffset, token.startOffset + token.image.length] : [at, at]
  }
  const [start, end] = range()
  switch (random(10)) {
    case 0:
      return text.slice(0, start) + text.slice(end)
    case 1:
      return text.slice(0, end) + text.slice(start, end) + text.slice(end)
    case 2: {
      const [from, to] = range()
      const [a, b, c, d] = from < start ? [from, to, start, end] : [start, end, from, to]
      return b > c
        ? text
        : text.slice(0, a) + text.slice(c, d) + text.slice(b, c) + text.slice(a, b) + text.slice(d)
    }
    case 3:
      return `${text.slice(0, start)} ${snippet} ${text.slice(start)}`
    case 4:
      return text.slice(0, start) + snippet + text.slice(end)
    case 5:
      return text.slice(0, at) + snippet + text.slice(at)
    case 6:
      return text.slice(0, at) + String.fromCharCode(random(random(2) > 0 ? 128 : 65536)) + text.slice(at + 1)
    case 7:
      return text.slice(0, at)
    case 8: {
      const to = Math.min(text.length, at + random(200))
      return text.slice(0, at) + text.slice(to)
    }
    default: {
      const to = Math.min(text.length, at + random(200))
      const where = random(text.length + 1)
      return text.slice(0, where) + text.slice(at, to) + text.slice(where)
    }
  }
}
