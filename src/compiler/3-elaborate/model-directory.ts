import {
  adapterBeside,
  badConfig,
  configless,
  defaultConfig,
  differentConfig,
  foreignConfig,
  noConfig,
  unreadConfig,
  unreadableConfig,
} from '../../diagnostics/catalogue/config.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import type { ModuleDeclaration } from '../1-parse/syntax.js'
import type { ModelFolders } from '../2-resolve/model-folders.js'
import type { TopLevel } from '../2-resolve/program.js'
import { callValue } from './call.js'
import { differences } from './config-differences.js'
import { ConfigReader, recordTypeIn } from './config-reader.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import type { Instance, RecordType, RecordVal, Val } from './values.js'
import { formatModelId, parseModelId } from '../../model-id.js'

/** A model that a directory is to fit, and the places to tell of it. */
export interface FromDirectory {
  readonly model: string
  readonly from: string
  readonly value: Span
  readonly place: Span
}

/** What a directory says of a record: the record, unless something is wrong. */
interface Reading {
  readonly value: RecordVal | undefined
  readonly path: string
  readonly problems: readonly Diagnostic[]
  readonly warnings: readonly Diagnostic[]
  /** Files that are not there. */
  readonly absent: readonly string[]
}

const largestAdapter = 1024 * 1024

/** The parameter of a module that a file of a model's directory is mirrored by. */
export function configOf(declaration: ModuleDeclaration, environment: Environment) {
  for (const { name, type } of declaration.parameters) {
    const found = type && recordTypeIn(type, environment)
    if (found?.declaration.mirrors) return { name, type: found }
  }
  return undefined
}

function read(
  x: Elaboration,
  folders: ModelFolders,
  { from, place, model }: FromDirectory,
  type: RecordType,
  module: ModuleDeclaration,
): Reading {
  const reader = new ConfigReader(x, folders, from, architectureOf(module))
  const value = reader.read(type)
  const { keys, files, unread, absent } = reader
  const foreign = keys.filter((k) => k.foreign)
  const path = `${from}/${type.declaration.mirrors?.text ?? ''}`
  const record = type.declaration.name.text
  const problems = [
    ...(files.length > 0 ? [unreadableConfig(place, { files })] : []),
    ...(foreign.length > 0
      ? [foreignConfig(place, { module: module.name.text, keys: foreign })]
      : keys.length > 0
        ? [badConfig(place, { keys })]
        : []),
  ]
  const adapter = folders.read(from, 'adapter_config.json', largestAdapter)
  const warnings = [
    ...(unread.length > 0 && problems.length === 0 ? [unreadConfig(place, { record, keys: unread })] : []),
    ...(adapter.kind === 'absent' ? [] : [adapterBeside(place, { model, path: adapter.path })]),
  ]
  return { value, path, problems, warnings, absent }
}

/** The class of which a module says that its directories are: its member `architecture = "CLIPModel"`. */
export function architectureOf({ members }: ModuleDeclaration): string | undefined {
  const member = members.find((m) => m.name.text === 'architecture')
  return member?.kind === 'field' && member.value.kind === 'string' ? member.value.value : undefined
}

/** The records of a type that a file names. */
function namedRecords(
  scope: ReadonlyMap<string, TopLevel>,
  { declaration }: RecordType,
  environment: Environment,
): readonly string[] {
  return [...scope].flatMap(([name, top]) => {
    const value = top.declaration.kind === 'let' ? environment.get(name) : undefined
    return value?.kind === 'record' && value.type?.declaration === declaration ? [name] : []
  })
}

/** An instance of a module whose configuration is that of a directory. */
export function instanceFromDirectory(
  x: Elaboration,
  module: Val & { readonly kind: 'module' },
  folders: ModelFolders | undefined,
  at: FromDirectory,
  scope: ReadonlyMap<string, TopLevel>,
  warn: (warning: Diagnostic) => void,
): Instance {
  const { declaration, environment } = module
  const config = configOf(declaration, environment)
  if (!config) return fail(configless(at.value, { module: declaration.name.text }))
  const missing = (path: string): never =>
    fail(
      noConfig(at.place, {
        model: declaration.name.text,
        path,
        id: folders?.exists(at.from) === true ? undefined : hubId(at.from),
        architectures: namedRecords(scope, config.type, environment),
      }),
    )
  if (!folders?.exists(at.from)) return missing(at.from)
  const reading = read(x, folders, at, config.type, declaration)
  const [first] = reading.problems
  if (first) return fail(first)
  if (!reading.value) return missing(reading.path)
  const record = config.type.declaration.name.text
  reading.warnings.forEach(warn)
  for (const path of reading.absent) warn(defaultConfig(at.place, { path, record }))
  const argument = { name: config.name, value: reading.value, span: at.place }
  const value = callValue(x, module, { list: [argument], span: at.value }, at.value)
  if (value.kind !== 'instance') throw new Error('a module makes an instance')
  return value
}

/** What is wrong between the configuration of a model and that of its directory, where that is there. */
export function checkDirectory(
  x: Elaboration,
  instance: Instance,
  folders: ModelFolders,
  at: FromDirectory,
): readonly Diagnostic[] {
  const { declaration, environment } = instance
  const config = configOf(declaration, environment)
  const given = config && environment.get(config.name.text)
  if (given?.kind !== 'record' || !config) return []
  const { value, path, problems, warnings } = read(x, folders, at, config.type, declaration)
  if (!value || problems.length > 0) return problems
  const found = differences(given, value)
  if (found.length === 0) return warnings
  const { model, from } = at
  const module = declaration.name.text
  return [differentConfig(at.place, { model, module, path, from, differences: found })]
}

function hubId(from: string): string | undefined {
  const id = parseModelId(from)
  return id && formatModelId(id)
}
