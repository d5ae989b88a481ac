/** Fills in what the commands of `docs/tour.md` print, from its own files and edits. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Files } from '../../src/compiler/2-resolve/program.js'
import { type Analysis, analyze } from '../../src/compiler/index.js'
import { render } from '../../src/diagnostics/render.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Files of a page over the library of the repository. */
class PageFiles implements Files {
  readonly texts: Map<string, string>

  constructor(own: ReadonlyMap<string, string>) {
    this.texts = new Map(own)
  }

  read(path: string): string | undefined {
    const known = this.texts.get(path)
    if (known !== undefined || !path.startsWith('std/')) return known
    const text = readFileSync(join(root, 'pipelines', path), 'utf8')
    this.texts.set(path, text)
    return text
  }
}

/** A fenced block of a page: its language, what stands behind that, and its text. */
export interface Block {
  readonly language: string
  readonly about: string
  readonly text: string
}

const fence = /^```(\w+) ?([^\n]*)\n([^]*?)^```$/gm

export const blocksOf = (page: string): readonly Block[] =>
  [...page.matchAll(fence)].map(([, language = '', about = '', text = '']) => ({ language, about, text }))

/** What `dcrc check` says of a file that stands among others. */
export function checkFile(
  files: ReadonlyMap<string, string>,
  entry: string,
  settings: ReadonlyMap<string, string> = new Map(),
): { readonly analysis: Analysis; readonly shown: string } {
  const reader = new PageFiles(files)
  const analysis = analyze({ entry, files: reader, settings })
  return { analysis, shown: render(analysis.diagnostics, reader.texts, { color: false, width: 100 }) }
}

/**
 * The page with every message as it is. A `dcr PATH` block is a whole file; a `diff PATH` block an edit whose message
 * stands in the `text` block below; `text set NAME=VALUE` and `text plan` speak of the file that stood last.
 */
export function fillTour(page: string): string {
  const files = new Map<string, string>()
  let last = ''
  let message: string | undefined
  return page.replaceAll(fence, (whole, language: string, about: string, text: string) => {
    const filled = (body: string): string => `\`\`\`${language}${about && ` ${about}`}\n${body}\`\`\``
    if (language === 'dcr' && about !== '') {
      files.set(about, text)
      last = about
    } else if (language === 'diff') {
      const edited = new Map([...files, [about, applyEdit(files.get(about) ?? '', text)]])
      message = checkFile(edited, about).shown
    } else if (language === 'text' && message !== undefined) {
      const body = message
      message = undefined
      return filled(body)
    } else if (about.startsWith('set ')) {
      const [name = '', value = ''] = about.slice(4).split('=')
      return filled(checkFile(files, last, new Map([[name, value]])).shown)
    } else if (about === 'plan') return filled(planOf(files, last))
    return whole
  })
}

function applyEdit(text: string, diff: string): string {
  const side = (sign: string): string =>
    diff
      .split('\n')
      .filter((line) => line.startsWith(sign))
      .map((line) => `${line.slice(1)}\n`)
      .join('')
  if (!text.includes(side('-'))) throw new Error(`the page edits a line that is not there: ${diff}`)
  return text.replace(side('-'), () => side('+'))
}

/** What `dcrc plan` prints. */
function planOf(files: ReadonlyMap<string, string>, entry: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-tour-'))
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const loader = new URL('../../node_modules/tsx/dist/esm/index.mjs', import.meta.url).href
    const main = join(root, 'src/cli/main.ts')
    const args = ['--import', loader, main, 'plan', entry]
    return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
