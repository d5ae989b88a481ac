/** Writes the pages of `docs/` that follow from the compiler itself: all functions and plug-ins, and all diagnostics. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from '../../src/compiler/1-parse/index.js'
import type { Declaration, FunctionDeclaration, Parameter } from '../../src/compiler/1-parse/syntax.js'
import { specialFunctions } from '../../src/compiler/3-elaborate/special.js'
import type { Settings } from '../../src/artefact/json.js'
import { operations } from '../../src/sources/operations.js'
import { functions as hostFunctions, sources } from '../../src/sources/registry.js'
import type { ColumnType, SettingParameter } from '../../src/sources/source.js'
import type { Span } from '../../src/diagnostics/diagnostic.js'
import { kinds } from '../../src/diagnostics/catalogue/index.js'
import type { EvaluationParameter } from '../../src/evaluations/kind.js'
import { evaluationKinds } from '../../src/evaluations/registry.js'
import { formatType } from '../../src/graph/types.js'
import type { LanguageFunction } from '../../src/ops/language.js'
import type { Composite, Operator } from '../../src/ops/operator.js'
import { composites, languageFunctions, operators } from '../../src/ops/registry.js'
import { optimizers } from '../../src/optimizers/registry.js'
import { schedules } from '../../src/schedules/registry.js'
import { renderRailroad } from './railroad.js'
import { renderTextmate } from './textmate.js'
import { fillTour } from './tour.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const written = '<!-- Written by `npm run generate`. -->'

/** The pages, by their file in the repository. */
export const pages: readonly (readonly [string, () => string])[] = [
  ['docs/functions.md', renderFunctions],
  ['docs/operators.md', renderOperators],
  ['docs/errors.md', renderErrors],
  ['grammar/railroad.html', renderRailroad],
  ['grammar/dcr.tmLanguage.json', renderTextmate],
  ['docs/tour.md', () => fillTour(readFileSync(join(root, 'docs/tour.md'), 'utf8'))],
]

// A cell of a table holds no line break and no bare bar.
const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', String.raw`\|`)
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

const code = (text: string): string => `\`${text}\``

function literal(value: unknown): string {
  return value === null ? 'none' : JSON.stringify(value).replaceAll(',', ', ')
}

/** A section for each operator: its definition, its attributes, its derivative and the functions that call it. */
function renderOperators(): string {
  const sections = [...operators, ...composites]
    .filter((op) => !('domain' in op) || op.domain !== 'dcrc')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((op) => {
      const attributes = Object.entries(op.attributes ?? {}).map(([name, v]) =>
        code(`${name} = ${literal(v)}`),
      )
      const calls = (op.language ?? []).map((f) => code(signature(f)))
      return [
        `## ${op.name}`,
        op.doc,
        ...(attributes.length > 0 ? [`Attributes with defaults: ${attributes.join(', ')}.`] : []),
        `Gradient: ${gradientOf(op)}.`,
        ...(calls.length > 0 ? [`In the language: ${calls.join(', ')}.`] : []),
      ].join('\n\n')
    })
  const head = [
    written,
    '# Operators',
    "What graphs are made of, by ONNX's names. How to add one is in [add-an-operator.md](add-an-operator.md); the functions of the language are in [functions.md](functions.md).",
  ]
  return `${[...head, ...sections].join('\n\n')}\n`
}

function gradientOf(op: Operator | Composite): string {
  if (!('derivative' in op)) return 'that of the operators it is written with; no graph holds this one itself'
  switch (op.derivative.kind) {
    case 'rule':
      return 'to its float inputs, also of second order'
    case 'zero':
      return 'zero, it is constant piece by piece'
    case 'none':
      return `none: ${op.derivative.reason}`
  }
}

function renderFunctions(): string {
  const library = std()
  const prelude = new Set(library.get('prelude')?.map((d) => d.name))
  return `${[
    written,
    '# Functions, sources, evaluations',
    'What a `.dcr` file can name, with parameters and defaults. How calls work is in [language.md](language.md).',
    '## Functions of the operators',
    'There without `use`. `tensor` also takes a static number or a list of numbers; `ints` one int or a list of them; `values` a number or nested lists of numbers.',
    table(
      ['function', 'gives'],
      [...languageFunctions.values()]
        .filter(({ name }) => !prelude.has(name))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((f) => [code(signature(f)), f.doc]),
    ),
    '## Functions of the language',
    'There without `use`.',
    table(
      ['function', 'gives'],
      specialFunctions.map((f) => [code(`${f.name}(${f.parameters.join(', ')})`), f.doc]),
    ),
    'Two lists are also joined by `concat(xs, ys)` or `xs + ys`. `pi` is a number, and `f32 f16 bf16 f64 i64 i32 u8 bool` are element types, as `cast` wants one.',
    '## Standard library',
    'The files of [pipelines/std](../pipelines/std). `std.prelude` is there without `use`; the others are brought in by `use std.name { ... }`.',
    ...[...library].flatMap(([file, declarations]) => [
      `### std.${file}`,
      table(
        ['name', 'what it is'],
        declarations.map(({ shown, doc }) => [code(shown), doc]),
      ),
      ...members(declarations),
    ]),
    '## Data sources',
    ...sources.map((s) =>
      [
        `### ${s.name}`,
        s.doc,
        settings(s.parameters),
        table(
          ['column', 'type with the default settings'],
          Object.entries(s.columns(defaults(s.parameters))).map(([name, type]) => [
            code(name),
            code(columnType(type)),
          ]),
        ),
      ].join('\n\n'),
    ),
    '## Rows of other data',
    'Behind `data name =`, where a source may stand.',
    ...operations.map((o) =>
      [
        `### ${o.name}`,
        o.doc,
        table(
          ['argument', 'default', 'meaning'],
          o.parameters.map((p) => [
            code(p.name),
            'default' in p ? code(p.default === null ? 'none' : literal(p.default)) : '',
            p.doc,
          ]),
        ),
      ].join('\n\n'),
    ),
    '## Host functions',
    'For the fields and `let`s of a `data` block.',
    ...hostFunctions.map((f) => [`### ${f.name}`, f.doc, settings(f.parameters)].join('\n\n')),
    '## Evaluations',
    'An argument of rows is an expression with a value for each row of a data set, all of which are seen once; arguments of one group read the same data set. One of a batch is an expression that is computed on `batches` random batches.',
    ...evaluationKinds.map((k) =>
      [
        `### ${k.name}`,
        k.doc,
        settings(k.parameters.map(evaluationParameter)),
        ...(k.metrics.length > 0
          ? [
              table(
                ['metric', 'better', 'meaning'],
                k.metrics.map((m) => [code(m.name), m.better, m.doc]),
              ),
            ]
          : []),
      ].join('\n\n'),
    ),
    '## Optimizers',
    ...optimizers.map((o) => [`### ${o.name}`, o.doc, settings(o.parameters)].join('\n\n')),
    '## Schedules',
    'A factor on the learning rate of each group; without the clause it is constant.',
    ...schedules.map((s) => [`### ${s.name}`, s.doc, settings(s.parameters)].join('\n\n')),
  ].join('\n\n')}\n`
}

function signature({ name, parameters }: LanguageFunction): string {
  const shown = parameters.map(
    (p) =>
      `${p.name}: ${p.kind}${p.default === undefined ? '' : ` = ${p.kind === 'dtype' ? String(p.default) : literal(p.default)}`}`,
  )
  return `${name}(${shown.join(', ')})`
}

interface SettingLike {
  readonly name: string
  readonly kind?: string
  readonly default?: unknown
  readonly choices?: readonly unknown[]
  readonly min?: number
  readonly doc: string
}

function settings(parameters: readonly SettingLike[]): string {
  if (parameters.length === 0) return 'No settings.'
  return table(
    ['setting', 'kind', 'default', 'meaning'],
    parameters.map((p) => [
      code(p.name),
      p.kind ?? 'float',
      p.default === undefined ? 'must be given' : code(literal(p.default)),
      [
        p.doc,
        ...(p.choices ? [`One of ${p.choices.map((c) => code(literal(c))).join(', ')}.`] : []),
        ...(p.min === undefined ? [] : [`At least ${p.min}.`]),
      ].join(' '),
    ]),
  )
}

const defaults = (parameters: readonly SettingParameter[]): Settings =>
  Object.fromEntries(parameters.flatMap((p) => (p.default === undefined ? [] : [[p.name, p.default]])))

/** What a parameter of an evaluation takes, in words. */
function evaluationParameter(p: EvaluationParameter): SettingLike {
  if (p.kind === 'rows') return { ...p, kind: p.group === 'rows' ? 'of rows' : `of rows (${p.group})` }
  return p.kind === 'batch' ? { ...p, kind: 'of a batch' } : p
}

const columnType = (type: ColumnType): string => (type.kind === 'tensor' ? formatType(type) : type.kind)

interface Described {
  readonly name: string
  readonly shown: string
  readonly doc: string
  /** What stands in a module or record: rows of what it is called and what it is. */
  readonly members: readonly (readonly [string, string])[]
}

/** The parts, fields and functions of the modules and records of a file. */
function members(declarations: readonly Described[]): readonly string[] {
  const rows = declarations.flatMap(({ name, members: list }) =>
    list.map(([shown, doc]) => [code(name), shown, doc]),
  )
  return rows.length === 0 ? [] : [table(['in', 'name', 'what it is'], rows)]
}

/** The documented declarations of the library, by file; the prelude first. */
function std(): ReadonlyMap<string, readonly Described[]> {
  const folder = join(root, 'pipelines/std')
  const files = readdirSync(folder)
    .filter((f) => f.endsWith('.dcr'))
    .map((f) => f.slice(0, -4))
    .sort((a, b) => Number(b === 'prelude') - Number(a === 'prelude') || (a < b ? -1 : 1))
  const parsed = files.map((file) => {
    const text = readFileSync(join(folder, `${file}.dcr`), 'utf8')
    return { file, text, declarations: parse(`std/${file}.dcr`, text).file.declarations }
  })
  const lists = new Map(
    parsed.flatMap(({ text, declarations }) =>
      declarations.flatMap((d) =>
        d.kind === 'let' && d.pattern.kind === 'name-pattern' && d.value.kind === 'list'
          ? [[d.pattern.name.text, source(d.value.span, text)] as const]
          : [],
      ),
    ),
  )
  return new Map(
    parsed.map(({ file, text, declarations }) => [
      file,
      declarations.flatMap((d) => describe(d, text, lists)),
    ]),
  )
}

/** A piece of a file on one line. */
const source = ({ start, end }: Span, text: string): string =>
  text
    .slice(start, end)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/([[(]) | (?=[\])])|,(?= ?[\])])/g, '$1')

/** The first paragraph of a comment. */
const firstParagraph = (doc = ''): string => doc.split(/\n\s*\n/)[0] ?? ''

function describe(d: Declaration, text: string, lists: ReadonlyMap<string, string>): readonly Described[] {
  if (d.doc === undefined) return []
  const doc = firstParagraph(d.doc)
  const of = (name: string, shown: string, list: Described['members'] = []): readonly Described[] => [
    { name, shown, doc, members: list },
  ]
  const parameters = (list: readonly Parameter[]): string => list.map((p) => source(p.span, text)).join(', ')
  const signatureOf = ({ name, parameters: list, result }: FunctionDeclaration): string =>
    `fn ${name.text}(${parameters(list)})${result ? ` -> ${source(result.span, text)}` : ''}`
  switch (d.kind) {
    case 'fn':
      return of(d.name.text, signatureOf(d))
    case 'module':
      return of(d.name.text, `module ${d.name.text}(${parameters(d.parameters)})`, [
        ...d.members.flatMap((m) =>
          m.kind === 'fn' ? [[code(signatureOf(m)), firstParagraph(m.doc)] as const] : [],
        ),
        ...d.members.flatMap((m) =>
          m.kind === 'fn' || m.doc === undefined ? [] : [[code(m.name.text), firstParagraph(m.doc)] as const],
        ),
        ...together(d.members.flatMap((m) => (m.kind === 'fn' || m.doc !== undefined ? [] : [m.name.text]))),
      ])
    case 'record':
      return of(d.name.text, `record ${d.name.text}`, [
        ...together(d.fields.map((field) => source(field.span, text))),
        ...d.rules.flatMap((rule) => {
          if (rule.kind !== 'fixed') return []
          const values = source(rule.values.span, text)
          return [[code(rule.name.text), `one of ${code(lists.get(values) ?? values)}`] as const]
        }),
      ])
    case 'let':
      return d.pattern.kind === 'name-pattern' ? of(d.pattern.name.text, `let ${d.pattern.name.text}`) : []
    case 'pipeline':
      return of(d.name.text, `pipeline ${d.name.text}`)
    case 'ablation':
      return of(d.name.text, `ablation ${d.name.text} of ${d.of.text}`)
  }
}

/** What needs no words of its own: fields of a configuration, parts that are called like the weights in a file. */
const together = (names: readonly string[]): Described['members'] =>
  names.length === 0 ? [] : [[names.map(code).join(', '), '']]

function renderErrors(): string {
  const all = [...kinds.values()]
  const areas = [...new Set(all.map((k) => k.code.split('/')[0] ?? ''))]
  return `${[
    written,
    '# Diagnostics',
    '`dcrc explain CODE` prints one of these pages. An error stops the command with exit code 1; a warning does not.',
    ...areas.flatMap((area) => [
      `## ${area}`,
      ...all
        .filter((k) => k.code.startsWith(`${area}/`))
        .map((k) => `### ${k.code}\n\n*${k.severity}*\n\n${k.page}`),
    ]),
  ].join('\n\n')}\n`
}
