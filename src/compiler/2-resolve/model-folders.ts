import type { BinaryFiles } from '../../onnx/open.js'

/** A text file of a model's directory, as the compiler sees it; `path` is what a user is told. */
export type FolderFile =
  | { readonly kind: 'absent'; readonly path: string }
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  /** It is there and cannot be taken: `why` in a user's words. */
  | { readonly kind: 'refused'; readonly path: string; readonly why: string }

/** The same of a file that is no text. */
export type FolderBytes =
  | Exclude<FolderFile, { readonly kind: 'text' }>
  | { readonly kind: 'bytes'; readonly path: string; readonly bytes: Uint8Array }

/** A file that was looked for, by its name from the directory, and what it was; null where it was not there. */
export interface LookedAt {
  readonly name: string
  readonly sha256: string | null
}

/** The directories that `from` names: their configurations and tokenizers. Each file is read once. */
export class ModelFolders {
  private readonly found = new Map<string, Map<string, FolderBytes>>()
  private readonly decoded = new WeakMap<FolderBytes, FolderFile>()

  constructor(
    private readonly files: BinaryFiles,
    /** Takes what was read, by path, for messages that point into it. */
    private readonly texts?: Map<string, string>,
  ) {}

  /** Whether anything is where `from` points. */
  exists(from: string): boolean {
    return this.files.locate(from) !== undefined
  }

  /** A text file of a directory, or beside it (`../tokenizer/vocab.json`), of at most so many bytes. */
  read(from: string, name: string, most: number): FolderFile {
    const file = this.readBytes(from, name, most)
    const text = this.decoded.get(file) ?? this.decode(file)
    this.decoded.set(file, text)
    return text
  }

  /** The same of a file that is no text. */
  readBytes(from: string, name: string, most: number): FolderBytes {
    const known = this.found.get(from) ?? new Map<string, FolderBytes>()
    this.found.set(from, known)
    const file = known.get(name) ?? this.open(from, name, most)
    known.set(name, file)
    return file
  }

  /** Every file that was looked for in a directory and beside it. */
  lookedAt(from: string): readonly LookedAt[] {
    const names = [...(this.found.get(from)?.keys() ?? [])].sort()
    return names.map((name) => ({ name, sha256: this.sha256(from, name) }))
  }

  /** Of a file as it is now; null where it is not there. */
  sha256(from: string, name: string): string | null {
    const place = this.placeOf(from, name)
    return place !== undefined && this.files.stat(place) ? this.files.sha256(place) : null
  }

  private placeOf(from: string, name: string): string | undefined {
    const folder = this.files.locate(from) ?? (name.startsWith('../') ? from : undefined)
    return folder === undefined ? undefined : joined(folder, name)
  }

  private open(from: string, name: string, most: number): FolderBytes {
    const path = joined(from, name)
    const place = this.placeOf(from, name)
    const found = place === undefined ? undefined : this.files.stat(place)
    if (place === undefined || !found) return { kind: 'absent', path }
    if (found.size > most)
      return { kind: 'refused', path, why: `it has ${found.size} bytes, at most ${most} are read` }
    try {
      return { kind: 'bytes', path, bytes: this.files.bytes(place, 0, found.size) }
    } catch {
      return { kind: 'refused', path, why: 'it cannot be read' }
    }
  }

  private decode(file: FolderBytes): FolderFile {
    if (file.kind !== 'bytes') return file
    const { path, bytes } = file
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
      this.texts?.set(path, text)
      return { kind: 'text', path, text }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return { kind: 'refused', path, why: 'it is no text in UTF-8' }
    }
  }
}

/** `a/b` and `../c/d` make `a/c/d`. */
function joined(folder: string, name: string): string {
  const parts = folder.replace(/\/+$/, '').split('/')
  for (const part of name.split('/')) {
    const last = parts.at(-1)
    if (part !== '..') parts.push(part)
    else if (last === undefined || last === '..' || last === '.') parts.push('..')
    else parts.pop()
  }
  return parts.join('/')
}
