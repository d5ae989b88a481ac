import { duplicateName, notExported, unknownFile } from '../../diagnostics/catalogue/name.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { BinaryFiles } from '../../onnx/open.js'
import { ModelFolders } from './model-folders.js'
import { type Parsed, parse } from '../1-parse/index.js'
import { patternNames } from '../1-parse/pattern-names.js'
import type { Declaration, Identifier, SyntaxFile, Use } from '../1-parse/syntax.js'

/** How the compiler sees files. Library modules are read as `std/<name>.dcr`. */
export interface Files {
  /** The text of a file, or undefined when it does not exist. */
  read(path: string): string | undefined
  /** The paths of the library's files, for suggestions; without it none are known. */
  library?(): readonly string[]
  /** The tree of a file's text; where files are read again and again, kept from the last time. */
  parse?(path: string, text: string): Parsed
  /** Files that are not text; without it there are none. */
  readonly binary?: BinaryFiles
  /** Takes the configurations that were read, for messages that point into them. */
  readonly texts?: Map<string, string>
}

/** A top-level name of a file: where it is declared, and under which name there. */
export interface TopLevel {
  readonly file: string
  readonly declaration: Declaration
  readonly name: string
}

/** All files that an entry file needs, parsed, with the names that each can see. */
export interface Program {
  readonly entry: string
  readonly files: ReadonlyMap<string, SyntaxFile>
  /** Per file: own declarations and imported ones. */
  readonly scopes: ReadonlyMap<string, ReadonlyMap<string, TopLevel>>
  readonly prelude: string
  readonly binary: BinaryFiles | undefined
  /** What lies where models are read from; without it no file is known. */
  readonly folders: ModelFolders | undefined
  /** The library module that declares a name, for suggestions. */
  readonly libraryWith: (name: string) => string | undefined
}

/** Whether a file is one of the library, which users do not change. */
export const isLibrary = (file: string): boolean => file.startsWith('std/')

const preludePath = 'std/prelude.dcr'

/** Reads the entry file and everything it uses. */
export function loadProgram(entry: string, files: Files, diagnostics: Diagnostics): Program {
  const parsed = new Map<string, SyntaxFile>()
  const libraryWith = exporters(files)
  const load = (path: string): SyntaxFile | undefined => {
    const known = parsed.get(path)
    if (known) return known
    const text = files.read(path)
    if (text === undefined) return undefined
    const { file, diagnostics: problems } = files.parse?.(path, text) ?? parse(path, text)
    for (const p of problems) diagnostics.add(p)
    parsed.set(path, file)
    for (const use of file.uses) {
      const from = usePath(path, use)
      if (!load(from)) diagnostics.add(unknownFile(use.span, nearTo(use, from, files, libraryWith)))
    }
    return file
  }
  load(preludePath)
  load(entry)
  const own = new Map([...parsed].map(([path, file]) => [path, declarations(file, diagnostics)]))
  const scopes = new Map([...parsed].map(([path, file]) => [path, scopeOf(path, file, own, diagnostics)]))
  const { binary } = files
  const folders = binary && new ModelFolders(binary, files.texts)
  return { entry, files: parsed, scopes, prelude: preludePath, binary, folders, libraryWith }
}

/** What was probably meant by a file that is not there: a module of such a name, or the one that declares what is used. */
function nearTo(
  use: Use,
  tried: string,
  files: Files,
  libraryWith: Program['libraryWith'],
): Parameters<typeof unknownFile>[1] {
  const modules = modulesOf(files)
  const near = { path: use.from, tried, suggestion: closest(use.from, modules) }
  if (use.fromKind !== 'module') return near
  const holders = use.names.flatMap(({ name }) => {
    const module = libraryWith(name.text)
    return module === undefined ? [] : [{ name: name.text, module }]
  })
  return { ...near, holder: holders[0], modules }
}

/** The modules of the library, as `use` writes them. */
export const modulesOf = (files: Files): readonly string[] =>
  (files.library?.() ?? [])
    .filter((path) => path !== preludePath)
    .map((path) => path.slice(0, -'.dcr'.length).replaceAll('/', '.'))

/** Finds the library module that declares a name; the library is read at the first question. */
function exporters(files: Files): Program['libraryWith'] {
  let found: Map<string, string> | undefined
  return (name) => {
    if (!found) {
      found = new Map()
      for (const module of modulesOf(files)) {
        const path = `${module.replaceAll('.', '/')}.dcr`
        const text = files.read(path)
        if (text === undefined) continue
        const { file } = files.parse?.(path, text) ?? parse(path, text)
        for (const declared of file.declarations.flatMap(namesOf))
          if (!found.has(declared.text)) found.set(declared.text, module)
      }
    }
    return found.get(name)
  }
}

/** `std.nn` is `std/nn.dcr`; a quoted path is relative to the file that uses it. */
export function usePath(from: string, use: Use): string {
  if (use.fromKind === 'module') return `${use.from.replaceAll('.', '/')}.dcr`
  return fromFile(from, use.from)
}

/** A path that is written in a file, and relative to it. */
export function fromFile(file: string, path: string): string {
  if (path.startsWith('/')) return path
  const parts = file.split('/').slice(0, -1)
  for (const part of path.split('/')) {
    if (part === '..' && parts.length > 0 && parts[parts.length - 1] !== '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** The names that a declaration gives to its file. */
export const namesOf = (d: Declaration): readonly Identifier[] =>
  d.kind === 'let' ? patternNames(d.pattern) : [d.name]

function declarations(file: SyntaxFile, diagnostics: Diagnostics): ReadonlyMap<string, TopLevel> {
  const names = new Map<string, TopLevel>()
  const spans = new Map<string, Span>()
  for (const declaration of file.declarations) {
    for (const name of namesOf(declaration)) {
      const first = spans.get(name.text)
      if (first) diagnostics.add(duplicateName(name.span, { name: name.text, first }))
      else {
        spans.set(name.text, name.span)
        names.set(name.text, { file: file.path, declaration, name: name.text })
      }
    }
  }
  return names
}

function scopeOf(
  path: string,
  file: SyntaxFile,
  own: ReadonlyMap<string, ReadonlyMap<string, TopLevel>>,
  diagnostics: Diagnostics,
): ReadonlyMap<string, TopLevel> {
  const scope = new Map(own.get(path))
  const spans = new Map(file.declarations.flatMap(namesOf).map((n) => [n.text, n.span]))
  for (const use of file.uses) {
    const there = own.get(usePath(path, use))
    if (!there) continue
    for (const { name, alias } of use.names) {
      const found = there.get(name.text)
      const known = [...there.keys()]
      if (!found) {
        diagnostics.add(
          notExported(name.span, {
            name: name.text,
            from: use.from,
            suggestion: closest(name.text, known),
            known,
          }),
        )
        continue
      }
      const local = alias ?? name
      const first = spans.get(local.text)
      if (first) diagnostics.add(duplicateName(local.span, { name: local.text, first }))
      else {
        spans.set(local.text, local.span)
        scope.set(local.text, found)
      }
    }
  }
  return scope
}
