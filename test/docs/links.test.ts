import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const skipped = new Set(['node_modules', 'dist', 'runs', 'compiled', '.git', '.cache'])

/** Every page of the repository. */
function pages(folder = ''): readonly string[] {
  return readdirSync(folder || '.', { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : pages(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

const link = /\[[^\]]*\]\(([^)\s]+)\)/g
/** `[file](path)` and the symbols in code that stand behind it. */
const symbols = /\[[^\]]*\]\(([^)\s]+)\) `([^`]+)`/g

/** Fenced code holds no links. */
const read = (page: string): string => readFileSync(page, 'utf8').replaceAll(/^```[^]*?^```$/gm, '')

describe('links', () => {
  test.each(pages())('of %s lead to files of the repository', (page) => {
    const targets = [...read(page).matchAll(link)].map(([, target = '']) => target)
    const dead = targets.filter(
      (target) => !/^https?:/.test(target) && !existsSync(join(dirname(page), target)),
    )
    expect(dead).toEqual([])
    expect(targets.filter((target) => target.startsWith('/') || target.includes('#'))).toEqual([])
  })
})

describe('docs/paper.md', () => {
  const page = read('docs/paper.md')

  test('names symbols that their files hold', () => {
    const named = [...page.matchAll(symbols)].map(([, file = '', symbol = '']) => ({ file, symbol }))
    expect(named.length).toBeGreaterThan(20)
    const absent = named.filter(
      ({ file, symbol }) => !readFileSync(join('docs', file), 'utf8').includes(symbol),
    )
    expect(absent).toEqual([])
  })

  test('names a symbol beside every link to code', () => {
    const bare = page.split('\n').flatMap((line) => {
      if (!line.startsWith('|')) return []
      const without = line.replaceAll(symbols, '')
      return [...without.matchAll(link)].map(([whole]) => whole)
    })
    expect(bare).toEqual([])
  })

  test('has every equation, table and figure', () => {
    const section = (title: string): readonly string[] =>
      (page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '')
        .split('\n')
        .flatMap((line) => line.match(/^\| (\d+)/)?.[1] ?? [])
    const upTo = (n: number): readonly string[] => Array.from({ length: n }, (_, k) => String(k + 1))
    expect(section('Equations')).toEqual(upTo(15))
    expect([...new Set(section('Tables'))]).toEqual(upTo(8))
    expect(section('Figures')).toEqual(upTo(8))
    expect(section('Algorithm')).toEqual(['1'])
  })

  test('says for each where it is, or that it is not yet', () => {
    const rows = page.split('\n').filter((line) => /^\| \d/.test(line))
    for (const row of rows) expect(row).toMatch(/\]\(|not yet|nothing to run/)
  })
})
