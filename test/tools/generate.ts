/**
 * Writes what follows from other files: the lists of plug-in folders (one import per file, sorted) and the grammar.
 * `npm run generate` after adding a file or changing the parser.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderGrammar } from './grammar.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Folder, name of the list, its element type and where that type lives; files listed in `skip` are no plug-ins. */
export const folders = [
  {
    folder: 'src/ops',
    list: 'operators',
    type: 'Operator',
    from: './operator.js',
    skip: ['operator', 'language', 'sample', 'registry'],
  },
  { folder: 'src/ops/composites', list: 'composites', type: 'Composite', from: '../operator.js', skip: [] },
  {
    folder: 'src/sources',
    list: 'sources',
    type: 'DataSource',
    from: './source.js',
    skip: [
      'source',
      'registry',
      'emoji-styles',
      'column-type',
      'class-count',
      'row-count',
      'interpolation',
      'length',
      'operations',
      'shorter-side',
    ],
  },
  {
    folder: 'src/sources/functions',
    list: 'functions',
    type: 'HostFunction',
    from: '../source.js',
    skip: [],
  },
  {
    folder: 'src/runtime/sources',
    list: 'openers',
    type: 'SourceOpener',
    from: './dataset.js',
    skip: ['dataset', 'sample-unreadable'],
  },
  {
    folder: 'src/runtime/host-functions',
    list: 'bodies',
    type: 'HostBody',
    from: './host-body.js',
    skip: ['host-body'],
  },
  {
    folder: 'src/evaluations',
    list: 'evaluationKinds',
    type: 'EvaluationKind',
    from: './kind.js',
    skip: ['kind', 'registry', 'scalar-problem', 'train-and-test', 'width-problem'],
  },
  {
    folder: 'src/runtime/measures',
    list: 'measures',
    type: 'KindMeasure',
    from: './measure.js',
    skip: ['estimate', 'measure', 'results', 'rows-unfit', 'train-and-test'],
  },
  {
    folder: 'src/optimizers',
    list: 'optimizers',
    type: 'Optimizer',
    from: './optimizer.js',
    skip: ['optimizer', 'settings', 'registry'],
  },
  {
    folder: 'src/schedules',
    list: 'schedules',
    type: 'Schedule',
    from: './schedule.js',
    skip: ['schedule', 'registry'],
  },
] as const

/** Folders whose files are listed whole, with all that they export: the kinds of diagnostics. */
export const namespaces = [{ folder: 'src/diagnostics/catalogue', list: 'files', skip: ['index'] }] as const

const camel = (name: string): string => name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase())

/** One line, or one line per name where that is longer than the formatter allows. */
function array(open: string, names: readonly string[], close: string): string {
  const line = `${open}${names.join(', ')}${close}`
  return line.length <= 110 ? line : [open, ...names.map((n) => `  ${n},`), close].join('\n')
}

function pluginFiles(folder: string, skip: readonly string[]): string[] {
  return readdirSync(join(root, folder))
    .filter((f) => f.endsWith('.ts') && !f.includes('generated') && !f.startsWith('_'))
    .map((f) => f.slice(0, -3))
    .filter((f) => !skip.includes(f))
    .sort()
}

/** The generated list of a folder's files, each with all that it exports. */
export function renderNamespaces({ folder, list, skip }: (typeof namespaces)[number]): string {
  const files = pluginFiles(folder, skip)
  return [
    '// Written by `npm run generate` from the files of this folder.',
    ...files.map((f) => `import * as ${camel(f)} from './${f}.js'`),
    '',
    array(`export const ${list}: readonly object[] = [`, files.map(camel), ']'),
    '',
  ].join('\n')
}

/** The generated text of one folder's list. A file exports its plug-ins as `export default [...]` or one value. */
export function render({ folder, list, type, from, skip }: (typeof folders)[number]): string {
  const files = pluginFiles(folder, skip)
  return [
    '// Written by `npm run generate` from the files of this folder.',
    ...files.map((f) => `import ${camel(f)} from './${f}.js'`),
    `import type { ${type} } from '${from}'`,
    '',
    array(`export const ${list}: readonly ${type}[] = [`, files.map(camel), '].flat()'),
    '',
  ].join('\n')
}

export const target = (folder: string): string => join(root, folder, 'all.generated.ts')

export const grammarFile = join(root, 'grammar', 'dcr.ebnf')

/** Leaves a file that is as it should be untouched. */
function writeChanged(file: string, text: string): void {
  let old = ''
  try {
    old = readFileSync(file, 'utf8')
  } catch {
    /* first time */
  }
  if (old !== text) writeFileSync(file, text)
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  for (const entry of folders) writeChanged(target(entry.folder), render(entry))
  for (const entry of namespaces) writeChanged(target(entry.folder), renderNamespaces(entry))
  writeChanged(grammarFile, renderGrammar())
  // loaded only now: it reads the lists that were just written
  const { pages } = await import('./reference.js')
  for (const [file, renderPage] of pages) writeChanged(join(root, file), renderPage())
}
