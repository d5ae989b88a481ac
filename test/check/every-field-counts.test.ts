import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Parsed, parse } from '../../src/compiler/1-parse/index.js'
import type { TypeSyntax } from '../../src/compiler/1-parse/syntax.js'
import { scan } from '../../src/compiler/1-parse/scan.js'
import { loadProgram } from '../../src/compiler/2-resolve/program.js'
import { analyzeAblations } from '../../src/compiler/ablations.js'
import { type Analysis, analyze } from '../../src/compiler/analyze.js'
import { compile } from '../../src/compiler/index.js'
import type { Files } from '../../src/compiler/2-resolve/program.js'
import { Diagnostics } from '../../src/diagnostics/diagnostic.js'
import { hash } from '../../src/graph/hash.js'
import { drawsOf } from '../../src/graph/roles.js'
import { DiskBinaryFiles } from '../../src/runtime/binary-files.js'
import { sourcesIn } from '../syntax/sources.js'

/** `npm run mutations` changes all literals of all files; without it all of the examples, and a few of a large pipeline. */
const everyLiteral = process.env['DCRC_MUTATIONS'] === 'all'
/** How many literals of a file are changed. */
function few(path: string): number {
  if (everyLiteral || small.test(path)) return Infinity
  if (/quickstart/.test(path)) return 8
  return path === 'pipelines/dcr.dcr' ? 2 : 0
}
/** Pipelines that are compiled whole for each change; of others the forward graphs are compared, which is less work. */
const small = /^pipelines\/examples\//

const texts = new Map(sourcesIn('pipelines').map(({ path, text }) => [path, text]))
const entries = [...texts].filter(
  ([path, text]) => few(path) > 0 && !path.includes('/std/') && /^(?:pipeline|ablation) /m.test(text),
)

const filesWith = (path: string, text: string): Files => ({
  read: (wanted) =>
    wanted === path ? text : texts.get(wanted.startsWith('std/') ? `pipelines/${wanted}` : wanted),
  parse: parseOnce,
  // an example reads an ONNX file; weights of others are not looked for: whether they are there is no matter of a text
  ...(small.test(path) ? { binary: new DiskBinaryFiles('.') } : {}),
})

const trees = new Map<string, Parsed>()

/** Parses a file whose text is another than last time: all but the one that is changed are parsed once. */
function parseOnce(path: string, text: string): Parsed {
  const known = trees.get(path)
  if (known?.file.text === text) return known
  const parsed = parse(path, text)
  trees.set(path, parsed)
  return parsed
}

/** One literal with another value, of the same length: nothing else in the file moves. */
function mutate(image: string): string | undefined {
  if (image === 'true') return 'none'
  if (image === 'false') return 'true '
  if (image.startsWith('"'))
    return image.length > 2 ? `"${image[1] === 'q' ? 'z' : 'q'}${image.slice(2)}` : undefined
  const digit = /[1-9]/.exec(image)
  if (!digit) return image === '0' ? '1' : image.replace(/0$/, '1')
  const other = digit[0] === '9' ? '8' : String(Number(digit[0]) + 1)
  return image.slice(0, digit.index) + other + image.slice(digit.index + 1)
}

function mutations(path: string, text: string): { readonly name: string; readonly text: string }[] {
  const found = scan(path, text).tokens.flatMap((token) => {
    const { name } = token.tokenType
    if (!['Int', 'Float', 'Text', 'True', 'False'].includes(name)) return []
    const { startOffset: at, image, startLine } = token
    const line = text.split('\n')[(startLine ?? 1) - 1] ?? ''
    const instead = /^\s*use /.test(line) ? undefined : mutate(image)
    if (instead === undefined) return []
    return [
      {
        name: `${startLine}: ${image} -> ${instead} in ${line.trim()}`,
        text: text.slice(0, at) + instead + text.slice(at + image.length),
      },
    ]
  })
  const step = Math.ceil(found.length / few(path)) || 1
  return found.filter((_, k) => k % step === 0)
}

/** What a pipeline compiles to, without what only repeats the source: the params' values and the line to edit first. */
function outcome(path: string, text: string, settings: Settings = new Map()): string {
  const request = { entry: path, files: filesWith(path, text), settings }
  if (small.test(path)) {
    const { diagnostics, artefact } = compile(request)
    if (diagnostics.length > 0 || !artefact)
      return JSON.stringify(diagnostics.map((d) => [d.code, d.message]))
    const { params: _, edit_hint: __, ...manifest } = artefact.manifest
    const files = [...artefact.files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])
    return JSON.stringify([manifest, files])
  }
  const program = loadProgram(path, request.files, new Diagnostics())
  const { diagnostics, ablations } = analyzeAblations(program, request)
  const pipelines = [...text.matchAll(/^pipeline (\w+)/gm)].map(([, pipeline = '']) =>
    forward(analyze({ ...request, pipeline })),
  )
  return JSON.stringify([
    pipelines,
    diagnostics.map((d) => [d.code, d.message]),
    ablations.map(({ name, seeds, runs }) => [
      name,
      seeds,
      runs.map(({ variant, settings, analysis }) => [variant, [...settings], forward(analysis)]),
    ]),
  ])
}

type Settings = ReadonlyMap<string, string>

/** Each other value of each param that chooses from a few: what stands in the arm for it counts with that value. */
function otherChoices(path: string, text: string): readonly Settings[] {
  const request = { entry: path, files: filesWith(path, text) }
  const program = loadProgram(path, request.files, new Diagnostics())
  const named = [...text.matchAll(/^pipeline (\w+)/gm)].map(([, pipeline = '']) =>
    analyze({ ...request, pipeline }),
  )
  const runs = analyzeAblations(program, request).ablations.flatMap((a) => a.runs.map((r) => r.analysis))
  const choices = new Map<string, Settings>()
  for (const { pipeline } of [...named, ...runs]) {
    for (const [name, { item }] of pipeline?.items ?? []) {
      if (item.kind !== 'param') continue
      for (const value of item.type ? valuesOf(item.type) : [])
        choices.set(`${name} ${value}`, new Map([[name, value]]))
    }
  }
  return [...choices.values()]
}

function valuesOf(type: TypeSyntax): readonly string[] {
  if (type.kind === 'union-type') return type.items.flatMap(valuesOf)
  if (type.kind === 'literal-type') return [type.value]
  return type.kind === 'named-type' && type.name.text === 'bool' ? ['true', 'false'] : []
}

/** The forward graphs of a pipeline and all that stands beside them in the manifest, or what is wrong with it. */
function forward({ diagnostics, lowered }: Analysis): unknown {
  if (diagnostics.length > 0 || !lowered) return diagnostics.map((d) => [d.code, d.message])
  const { stages, evaluations, models, data, exports, allowed } = lowered
  return [
    allowed,
    stages.map(({ updates, ...stage }) => [
      { ...stage, span: null },
      updates.map(({ graph, groups, ...rest }) => [
        hash(graph),
        [...drawsOf(graph)],
        groups.map((group) => ({ ...group, span: null })),
        { ...rest, span: null },
      ]),
    ]),
    evaluations.map(({ name, kind, cases }) => [
      name,
      kind,
      cases.map((one) => [one.name, one.settings]),
      cases.flatMap(({ parts }) =>
        parts.map(({ graph, ...part }) => [hash(graph), [...drawsOf(graph)], part]),
      ),
    ]),
    models,
    data,
    exports.map((e) =>
      e.kind === 'function' ? [e.name, e.graphs.map(({ rows, graph }) => [rows, hash(graph)])] : e,
    ),
  ]
}

describe('every literal of a pipeline changes what is emitted, or is complained about', () => {
  it('has pipelines', () => expect(entries.length).toBeGreaterThanOrEqual(5))
  it.each(entries)('%s', { timeout: everyLiteral ? 7_200_000 : 600_000 }, (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text)
    const before = outcome(path, text)
    let silent = mutations(path, text).filter((m) => outcome(path, m.text) === before)
    for (const settings of silent.length > 0 ? otherChoices(path, text) : []) {
      if (silent.length === 0) break
      const chosen = outcome(path, text, settings)
      silent = silent.filter((m) => outcome(path, m.text, settings) === chosen)
    }
    expect(silent.map((m) => m.name)).toEqual([])
  })
})
