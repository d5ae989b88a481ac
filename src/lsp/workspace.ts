import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { attempt } from '../cli/attempt.js'
import { DiskFiles, packageRoot } from '../cli/files.js'
import type { Parsed } from '../compiler/1-parse/index.js'
import type { SyntaxFile } from '../compiler/1-parse/syntax.js'
import { type Files, modulesOf, usePath } from '../compiler/2-resolve/program.js'
import type { BinaryFiles } from '../onnx/open.js'
import { SourceIndex } from './source-index.js'

const library = join(packageRoot, 'pipelines', 'std')
const prelude = 'std/prelude.dcr'
/** Folders in which no source of the user lies. */
const ignored = new Set(['node_modules', 'compiled', 'dist', 'runs'])
/** More files than this are not looked through for references. */
const mostFiles = 2000

/** The files of a project as an editor sees them: open buffers over the disk; trees are kept while texts stay. */
export class Workspace implements Files {
  private readonly buffers = new Map<string, string>()
  private readonly disk: DiskFiles
  private readonly trees = new Map<string, Parsed>()
  private listed: readonly string[] | undefined
  private indexed: SourceIndex | undefined

  readonly binary: BinaryFiles

  constructor(readonly root: string) {
    this.disk = new DiskFiles(root)
    this.binary = this.disk.binary
  }

  read(path: string): string | undefined {
    const open = this.buffers.get(path)
    if (open !== undefined) return open
    const found = attempt(() => this.disk.read(path))
    return typeof found === 'object' ? undefined : found
  }

  library(): readonly string[] {
    return this.disk.library()
  }

  parse(path: string, text: string): Parsed {
    const known = this.trees.get(path)
    if (known?.file.text === text) return known
    const parsed = this.disk.parse(path, text)
    this.trees.set(path, parsed)
    return parsed
  }

  tree(path: string): SyntaxFile | undefined {
    const text = this.read(path)
    return text === undefined ? undefined : this.parse(path, text).file
  }

  /** Sets the text of an open buffer. */
  open(path: string, text: string): void {
    if (this.buffers.get(path) === text) return
    if (!this.buffers.has(path)) this.listed = undefined
    this.buffers.set(path, text)
    this.indexed = undefined
  }

  /** From now on a file is what lies on the disk. */
  close(path: string): void {
    this.buffers.delete(path)
    this.forget(path)
  }

  /** A file on the disk has changed, come or gone. */
  forget(path: string): void {
    this.disk.texts.delete(path)
    this.listed = undefined
    this.indexed = undefined
  }

  get openFiles(): readonly string[] {
    return [...this.buffers.keys()]
  }

  /** The compiler's name of a file: below `std/` for the library, else relative to the root where it lies in it. */
  pathOf(uri: string): string {
    const place = fileURLToPath(uri)
    const inLibrary = below(library, place)
    if (inLibrary !== undefined) return `std/${inLibrary}`
    return below(this.root, place) ?? place
  }

  uriOf(path: string): string {
    const place = path.startsWith('std/')
      ? join(library, path.slice('std/'.length))
      : path.startsWith('/')
        ? path
        : join(this.root, path)
    return pathToFileURL(place).href
  }

  /** Modules of the library, as `use` writes them. */
  libraryModules(): readonly string[] {
    return modulesOf(this)
  }

  /** What the names in all files of the project and in what they use stand for. */
  get index(): SourceIndex {
    return (this.indexed ??= this.indexWith(new Map()))
  }

  /** The index with other trees in the place of some. */
  indexWith(others: ReadonlyMap<string, SyntaxFile>): SourceIndex {
    const files = new Map<string, SyntaxFile>()
    const add = (path: string): void => {
      const file = files.has(path) ? undefined : (others.get(path) ?? this.tree(path))
      if (!file) return
      files.set(path, file)
      for (const use of file.uses) add(usePath(path, use))
    }
    ;[prelude, ...this.files(), ...this.buffers.keys()].forEach(add)
    return new SourceIndex(files, prelude)
  }

  private files(): readonly string[] {
    return (this.listed ??= list(this.root, '', []).filter(
      (path) => below(library, join(this.root, path)) === undefined,
    ))
  }
}

/** The path of a file below a folder, with `/`; undefined where it lies elsewhere. */
function below(folder: string, place: string): string | undefined {
  const path = relative(folder, place).replaceAll('\\', '/')
  return path === '' || path.startsWith('../') || path === '..' || /^([A-Za-z]:)?\//.test(path)
    ? undefined
    : path
}

function list(root: string, folder: string, found: string[]): string[] {
  const entries = existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { withFileTypes: true })
    : []
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (found.length >= mostFiles) break
    if (entry.isDirectory() && !entry.name.startsWith('.') && !ignored.has(entry.name))
      list(root, path, found)
    else if (entry.isFile() && entry.name.endsWith('.dcr')) found.push(path)
  }
  return found
}
