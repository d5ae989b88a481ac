/**
 * Where a source lists operators: an operator's name outside of its file stands for that one operator, which is built,
 * matched or rewritten. A property of several is a field of them all.
 */
export function listedOperators(source: string, operators: ReadonlySet<string>): readonly string[] {
  const text = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '')
  const named = (words: readonly (string | undefined)[]): boolean =>
    words.every((word) => word !== undefined && operators.has(word))
  const found = (pattern: RegExp): readonly string[] =>
    [...text.matchAll(pattern)].flatMap(([all, ...words]) => (named(words) ? [all.trim()] : []))

  const neighbours = found(/(?=['"](\w+)['"],\s*['"](\w+)['"])/g).map(() => 'names beside each other')
  const words = [...text.matchAll(/['"](\w+(?: \w+)+)['"]/g)].flatMap(([all, words = '']) =>
    named(words.split(' ')) ? [all] : [],
  )
  const alternatives = found(/[=!]== '(\w+)'\s*(?:\|\||&&)[^;{}]*?[=!]== '(\w+)'/g)
  const cases = found(/case '(\w+)':/g)
  const entries = found(/^\s*(\w+): (?:\[|\{|['"\d-]|true|false|null)/gm)
  return [...neighbours, ...words, ...alternatives, ...several(cases), ...several(entries)]
}

const several = (found: readonly string[]): readonly string[] => (found.length > 1 ? found : [])
