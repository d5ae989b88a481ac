import type { Span } from '../../diagnostics/diagnostic.js'
import { readPythonJson } from '../../json/python.js'
import { type JsonNode, type JsonObject, JsonProblem } from '../../json/read.js'
import type { FixedKey, RecordField, TypeSyntax } from '../1-parse/syntax.js'
import type { FolderFile, ModelFolders } from '../2-resolve/model-folders.js'
import type { Elaboration } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate, items } from './evaluate.js'
import { makeRecord } from './record-value.js'
import { tryMatch, typeText } from './types.js'
import {
  type RecordType,
  type RecordVal,
  type Val,
  bool,
  float,
  int,
  list,
  literal,
  none,
  record,
  staticEqual,
  string,
} from './values.js'

/** No published configuration comes near. */
const largestFile = 4 * 1024 * 1024

/** Keys that name the class that a file is of; what is wrong there makes all else say nothing. */
const identity = ['_class_name', 'architectures', 'model_type']

/**
 * Files that newer versions write into another one, and read there first. Source: transformers 5,
 * image_processing_base.py (get_image_processor_dict).
 */
const outerFiles: ReadonlyMap<string, { readonly file: string; readonly key: string }> = new Map([
  ['preprocessor_config.json', { file: 'processor_config.json', key: 'image_processor' }],
])

/** A key of a file that is at fault: `says` completes the sentence that begins with the key. */
export interface KeyProblem {
  readonly key: string
  readonly says: string
  readonly span: Span
  /** It is of another architecture. */
  readonly foreign: boolean
}

export interface FileProblem {
  readonly why: string
  readonly span: Span
}

/** One object of a file. */
interface Level {
  readonly path: string
  readonly object: JsonObject
  /** The keys that led here: `vision_config.`. */
  readonly prefix: string
}

/** Reads records from the files of a model's directory, and notes all that is wrong on the way. */
export class ConfigReader {
  readonly files: FileProblem[] = []
  readonly keys: KeyProblem[] = []
  readonly unread: { readonly path: string; readonly key: string; readonly span: Span }[] = []
  /** Files that the record mirrors and that are not there. */
  readonly absent: string[] = []

  constructor(
    private readonly x: Elaboration,
    private readonly folders: ModelFolders,
    private readonly from: string,
    /** What the directory must say that it holds, where the module says so. */
    private readonly architecture: string | undefined,
  ) {}

  /** The record that the directory gives; undefined where its file is absent or at fault. */
  read(type: RecordType): RecordVal | undefined {
    const level = this.levelOf(
      this.folders.read(this.from, type.declaration.mirrors?.text ?? '', largestFile),
    )
    if (!level) return undefined
    this.checkArchitecture(level.object, level.path)
    return this.recordOf(type, level)
  }

  private objectOf(file: FolderFile): JsonObject | undefined {
    const { path } = file
    if (file.kind === 'absent') {
      this.absent.push(path)
      return undefined
    }
    const refuse = (why: string, start = 0, end = 0): undefined => {
      this.files.push({ why, span: { file: path, start, end } })
      return undefined
    }
    if (file.kind === 'refused') return refuse(file.why)
    try {
      const node = readPythonJson(file.text)
      return node.kind === 'object' ? node : refuse('it is no object in braces', node.start, node.end)
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error
      return refuse(error.message, error.start, error.end)
    }
  }

  private checkArchitecture({ members }: JsonObject, path: string): void {
    if (this.architecture === undefined) return
    for (const key of ['_class_name', 'architectures']) {
      const node = members.get(key)
      const names = node ? oneOrMore(plainOf(node)).filter((v) => v.kind === 'string') : []
      if (!node || names.length === 0 || names.some((v) => v.value === this.architecture)) continue
      const span = { file: path, start: node.start, end: node.end }
      const says = `is ${names.map((v) => JSON.stringify(v.value)).join(', ')}, not ${JSON.stringify(this.architecture)}`
      this.keys.push({ key, says, span, foreign: true })
    }
  }

  private recordOf(type: RecordType, level: Level): RecordVal | undefined {
    const { fields, rules } = type.declaration
    const before = this.keys.length
    const given = fields.flatMap((field) => this.fieldOf(type, field, level) ?? [])
    const known = new Set(fields.flatMap(keysOf))
    const ignored = new Set<string>(level.prefix === '' ? identity : [])
    for (const rule of rules) {
      if (rule.kind === 'fixed') known.add(rule.name.text)
      else
        for (const key of oneOrMore(evaluate(this.x, rule.keys, type.environment)))
          if (key.kind === 'string') ignored.add(key.value)
    }
    for (const [key, node] of level.object.members)
      if (!known.has(key) && !ignored.has(key))
        this.unread.push({ path: level.path, key: level.prefix + key, span: placeOf(level, node) })
    if (this.keys.length > before) return undefined
    const span = spanOf(level)
    const value = makeRecord(this.x, type, { list: given, span })
    for (const rule of rules) if (rule.kind === 'fixed') this.checkFixed(type, rule, value, level)
    return value
  }

  /** The argument that a file gives for a field; undefined where it has no such key. */
  private fieldOf(type: RecordType, field: RecordField, level: Level) {
    const own = field.type && recordTypeIn(field.type, type.environment)
    const name = field.name
    const elsewhere = own?.declaration.mirrors
    if (own && elsewhere && elsewhere.text !== type.declaration.mirrors?.text) {
      const value = this.readOther(own)
      return value && { name, value: value.value, span: value.span, origin: value.span }
    }
    // of several keys the last that says something stands for all, as upstream has it
    const found = keysOf(field).filter((key) => level.object.members.has(key))
    const chosen = found.findLast((key) => !isNull(level.object.members.get(key))) ?? found[0]
    const last = chosen === undefined ? undefined : level.object.members.get(chosen)
    const key = level.prefix + (chosen ?? keysOf(field)[0] ?? '')
    if (!last) {
      if (!field.default) this.keys.push({ key, says: 'is not there', span: spanOf(level), foreign: false })
      return undefined
    }
    const span = placeOf(level, last)
    if (own && last.kind === 'object') {
      const value = this.recordOf(own, { ...level, object: last, prefix: `${key}.` })
      return value && { name, value, span, origin: span }
    }
    // as upstream, a configuration that is null is the default one
    if (own && isNull(last)) return undefined
    const value = plainOf(last)
    const site = { what: `\`${key}\``, span }
    const environment = new Environment(type.environment)
    const isFitting = !field.type || tryMatch(this.x, field.type, value, environment, site)
    if (isFitting && isFiniteValue(value)) return { name, value, span, origin: span }
    const wanted = isFitting || !field.type ? 'finite numbers alone' : typeText(field.type)
    const says = `is ${literal(value)}, \`${type.declaration.name.text}\` takes ${wanted}`
    this.keys.push({ key, says, span, foreign: identity.includes(key) })
    return undefined
  }

  private readOther(type: RecordType): { readonly value: RecordVal; readonly span: Span } | undefined {
    const name = type.declaration.mirrors?.text ?? ''
    const level = this.within(name) ?? this.levelOf(this.folders.read(this.from, name, largestFile))
    const value = level && this.recordOf(type, level)
    return value && { value, span: spanOf(level) }
  }

  private levelOf(file: FolderFile): Level | undefined {
    const object = this.objectOf(file)
    return object && { path: file.path, object, prefix: '' }
  }

  /** What stands in another file's place, which counts before the file itself. */
  private within(name: string): Level | undefined {
    const outer = outerFiles.get(name)
    const file = outer && this.folders.read(this.from, outer.file, largestFile)
    if (!file || file.kind === 'absent') return undefined
    const level = this.levelOf(file)
    const object = level?.object.members.get(outer.key)
    return object?.kind === 'object' ? { path: file.path, object, prefix: `${outer.key}.` } : undefined
  }

  private checkFixed(type: RecordType, rule: FixedKey, value: RecordVal, level: Level): void {
    const name = rule.name.text
    const allowed = this.allowedBy(type, rule, value)
    const node = level.object.members.get(name)
    const found = value.fields.get(name) ?? (node ? plainOf(node) : this.defaultOf(type, rule))
    if (!found || allowed.some((v) => staticEqual(v, found) === true)) return
    const says = `is ${node ? '' : 'not there, which means '}${literal(found)}; only ${allowed.map(literal).join(', ')} can be followed`
    const span = node ? placeOf(level, node) : spanOf(level)
    this.keys.push({ key: level.prefix + name, says, span, foreign: identity.includes(name) })
  }

  private allowedBy(type: RecordType, rule: FixedKey, { fields }: RecordVal): readonly Val[] {
    const environment = new Environment(type.environment)
    for (const [name, value] of fields) environment.set(name, value)
    return items(evaluate(this.x, rule.values, environment), rule.values.span)
  }

  /** What a missing key means: the first value, where all fields have their defaults. */
  private defaultOf(type: RecordType, rule: FixedKey): Val | undefined {
    if (identity.includes(rule.name.text) || type.declaration.fields.some((f) => !f.default)) return undefined
    const value = makeRecord(this.x, type, { list: [], span: rule.span })
    return this.allowedBy(type, rule, value)[0]
  }
}

/** Python writes NaN and Infinity as numbers; no model computes with them. */
const isFiniteValue = (value: Val): boolean =>
  value.kind === 'list'
    ? value.items.every(isFiniteValue)
    : value.kind !== 'float' || Number.isFinite(value.value)

/** The keys that a field is read from, its own name where it says none. */
export const keysOf = ({ name, keys }: RecordField): readonly string[] =>
  keys?.map((k) => k.text) ?? [name.text]

/** The record type in the type of a field. */
export function recordTypeIn(type: TypeSyntax, environment: Environment): RecordType | undefined {
  if (type.kind === 'union-type')
    return type.items.map((item) => recordTypeIn(item, environment)).find((found) => found !== undefined)
  const found = type.kind === 'named-type' ? environment.get(type.name.text) : undefined
  return found?.kind === 'record-type' ? found : undefined
}

const isNull = (node: JsonNode | undefined): boolean => node?.kind === 'value' && node.value === null

const placeOf = ({ path }: Level, { start, end }: JsonNode): Span => ({ file: path, start, end })

/** The opening brace of an object. */
const spanOf = ({ path, object: { start, end } }: Level): Span => ({
  file: path,
  start,
  end: Math.min(end, start + 1),
})

/** The items of a list, or a value alone. */
const oneOrMore = (value: Val): readonly Val[] => (value.kind === 'list' ? value.items : [value])

/** A JSON value as one of the language. */
function plainOf(node: JsonNode): Val {
  if (node.kind === 'array') return list(node.items.map(plainOf))
  if (node.kind === 'object')
    return record(new Map([...node.members].map(([key, value]) => [key, plainOf(value)])))
  const { value } = node
  if (value === null) return none
  if (typeof value === 'string') return string(value)
  if (typeof value === 'boolean') return bool(value)
  return Number.isSafeInteger(value) ? int(value) : float(value)
}
