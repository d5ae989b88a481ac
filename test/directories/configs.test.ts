import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from '../../src/compiler/1-parse/index.js'
import { flatten } from '../../src/compiler/2-resolve/flatten.js'
import { ModelFolders } from '../../src/compiler/2-resolve/model-folders.js'
import { loadProgram } from '../../src/compiler/2-resolve/program.js'
import { checkStatics } from '../../src/compiler/3-elaborate/check.js'
import { checkDirectory } from '../../src/compiler/3-elaborate/model-directory.js'
import { Diagnostics } from '../../src/diagnostics/diagnostic.js'
import { elementCount } from '../../src/graph/types.js'
import { sha256 } from '../../src/graph/sha256.js'
import { towerOf, withoutTower } from '../../src/weights/other-names.js'
import { readLibrary } from '../check/analyze.js'
import { found, project, withModels } from './project.js'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type JsonObject = { readonly [key: string]: Json }

interface Fixture {
  readonly defaults: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>
  readonly small: Readonly<
    Record<
      string,
      {
        readonly files: Readonly<Record<string, string>>
        readonly count: number
        readonly tensors: number
        readonly digest: string
      }
    >
  >
}

const path = fileURLToPath(new URL('../oracle/fixtures/configs.json', import.meta.url))
const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture

/** Modules whose file holds the records within theirs as well. */
const nested = new Set(['ClipModel', 'SiglipModel', 'Dinov2Model'])

/** The records of a file of the library, by module of the fixture: the file, the record and those within it. */
const records: Readonly<Record<string, { readonly file: string; readonly record: string }>> = {
  ClipModel: { file: 'clip', record: 'ClipConfig' },
  ClipTextModel: { file: 'clip', record: 'ClipTextConfig' },
  ClipTextModelWithProjection: { file: 'clip', record: 'ClipTextConfig' },
  SiglipModel: { file: 'siglip', record: 'SiglipConfig' },
  Dinov2Model: { file: 'dinov2', record: 'Dinov2Config' },
  UNet2DConditionModel: { file: 'stable_diffusion', record: 'UNetConfig' },
  AutoencoderKL: { file: 'autoencoder', record: 'AutoencoderConfig' },
  FluxTransformer2DModel: { file: 'flux', record: 'FluxConfig' },
}

const recordOf = (module: string): { readonly file: string; readonly record: string } => {
  const known = records[module]
  if (!known) throw new Error(`no record of ${module}`)
  return known
}

/** What is said of a model of default configuration beside a directory of these files; the model is made once. */
function givenDefaults(module: string): (files: Readonly<Record<string, JsonObject>>) => string[] {
  const { file, record } = recordOf(module)
  const source = withModels(
    `use std.${file} { ${module}, ${record} }`,
    `model m = ${module}(${record}()) from "w"`,
  )
  const diagnostics = new Diagnostics()
  const program = loadProgram('main.dcr', project(source, {}), diagnostics)
  const pipeline = flatten(program, 'p', diagnostics)
  const item = pipeline?.items.get('m')?.item
  if (!pipeline || item?.kind !== 'model') throw new Error('no model')
  const { statics } = checkStatics(program, pipeline, new Map(), diagnostics)
  expect(diagnostics.all).toEqual([])
  const at = { model: 'm', from: 'w', value: item.value.span, place: item.span }
  return (files) => {
    const texts = Object.entries(files).map(([name, value]) => [`w/${name}`, JSON.stringify(value)])
    const { binary } = project('', Object.fromEntries(texts))
    if (!binary) throw new Error('no files')
    const folders = new ModelFolders(binary)
    const found = checkDirectory(statics.scope.elaboration, statics.model(item, 'main.dcr'), folders, at)
    return found.map((d) => `${d.code}: ${d.message}`)
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every key of a file, those of inner objects with theirs before them; what is in a list or a table of labels is one. */
const keysOf = (object: JsonObject, prefix: readonly string[] = []): readonly (readonly string[])[] =>
  Object.entries(object).flatMap(([key, value]) =>
    isObject(value) && key.endsWith('_config') ? keysOf(value, [...prefix, key]) : [[...prefix, key]],
  )

function changed(object: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject {
  const value = object[key]
  return { ...object, [key]: rest.length > 0 && isObject(value) ? changed(value, rest) : another(value) }
}

function another(value: Json | undefined): Json {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value + 1
  if (Array.isArray(value)) return [...value, another(value[0])]
  return typeof value === 'string' ? `${value}x` : 7
}

/** What the records of a file ignore, its lists of keys read out. */
function ignoredBy(file: string): ReadonlySet<string> {
  const texts = [readLibrary(`std/${file}.dcr`) ?? '', readLibrary('std/upstream.dcr') ?? '']
  const lists = texts.flatMap((text) => [
    ...text.matchAll(/^\s*ignore [^[]*\[([^\]]*)\]/gm),
    ...text.matchAll(/^let \w+_keys = \[([^\]]*)\]/gm),
  ])
  return new Set(lists.flatMap(([, items = '']) => [...items.matchAll(/"([^"]+)"/g)].map((m) => m[1] ?? '')))
}

describe('a record has the keys of its upstream class, with its defaults', () => {
  it.each(Object.keys(records))('%s: all defaults written out are the record’s', (module) => {
    expect(givenDefaults(module)(fixture.defaults[module] ?? {})).toEqual([])
  })

  it.each(Object.keys(records))('%s: files that leave out everything are too', (module) => {
    const empty = Object.keys(fixture.defaults[module] ?? {}).map((name) => [name, {}])
    expect(givenDefaults(module)(Object.fromEntries(empty))).toEqual([])
  })

  it.each(Object.keys(records))('%s: any other value of a key that is not ignored is an error', (module) => {
    const files = fixture.defaults[module] ?? {}
    const ignored = ignoredBy(recordOf(module).file)
    const said = givenDefaults(module)
    const silent: string[] = []
    let loud = 0
    for (const [name, object] of Object.entries(files)) {
      for (const key of keysOf(object)) {
        if (key.at(-1) === 'architectures') continue
        const problems = said({ ...files, [name]: changed(object, key) })
        if (problems.some((p) => /^config\/(differs|value|architecture): /.test(p))) loud++
        else if (problems.length > 0 || !ignored.has(key.at(-1) ?? '')) silent.push(key.join('.'))
      }
    }
    expect(silent).toEqual([])
    expect(loud).toBeGreaterThan(8)
  })

  it.each(Object.keys(records))('%s: every field is a key of upstream', (module) => {
    const { file, record } = recordOf(module)
    const upstream = new Set(
      Object.values(fixture.defaults[module] ?? {}).flatMap((object) => keysOf(object).flat()),
    )
    const { declarations } = parse('f.dcr', readLibrary(`std/${file}.dcr`) ?? '').file
    const all = declarations.filter((d) => d.kind === 'record')
    const mine = all.filter((d) => d.name.text === record || (nested.has(module) && d.fields.length > 0))
    const fields = mine
      .flatMap((d) => d.fields.map((f) => f.name.text))
      .filter((name) => name !== 'processor')
    expect(fields.filter((name) => !upstream.has(name))).toEqual([])
    expect(fields.length).toBeGreaterThan(2)
  })
})

describe('a directory that upstream saved gives the configuration of the model', () => {
  it.each(Object.keys(records))('%s', (module) => {
    const saved = fixture.small[module]
    if (!saved) throw new Error(`nothing saved of ${module}`)
    const files = Object.fromEntries(Object.entries(saved.files).map(([name, text]) => [`w/${name}`, text]))
    const source = withModels(
      `use std.${recordOf(module).file} { ${module} }`,
      `model m = ${module} from "w"`,
    )
    const { diagnostics, lowered } = found(project(source, files))
    expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
    const parameters = lowered?.models.find((m) => m.name === 'm')?.parameters ?? []
    expect(parameters).toHaveLength(saved.tensors)
    expect(parameters.reduce((sum, p) => sum + elementCount(p.shape), 0)).toBe(saved.count)
    const tower = towerOf(parameters.map((p) => p.path))
    const lines = parameters.map((p) => `${withoutTower(tower, p.path)} ${p.shape.join(',')}`).sort()
    expect(sha256(lines.join('\n'))).toBe(saved.digest)
  })
})
