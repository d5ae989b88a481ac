import type { BinaryFiles } from '../../onnx/open.js'

/** A text file of a model's directory, as the compiler sees it. */
export type FolderFile =
  | { readonly kind: 'absent'; readonly path: string }
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  /** It is there and cannot be taken: `why` in a user's words. */
  | { readonly kind: 'refused'; readonly path: string; readonly why: string }

/** A file that the compiler looked for, and what it was; null where it was not there. */
export interface LookedAt {
  readonly path: string
  readonly sha256: string | null
}

/** The directories that `from` names: their configurations and tokenizers. Each file is read once. */
export class ModelFolders {
  private readonly found = new Map<string, Map<string, FolderFile>>()

  constructor(
    private readonly files: BinaryFiles,
    /** Takes what was read, by path, for messages that point into it. */
    private readonly texts?: Map<string, string>,
  ) {}

  /** Whether anything is where `from` points. */
  exists(from: string): boolean {
    return this.files.stat(from) !== undefined
  }

  /** A file of a directory, or beside it (`../tokenizer/vocab.json`), of at most so many bytes. */
  read(from: string, name: string, most: number): FolderFile {
    const known = this.found.get(from) ?? new Map<string, FolderFile>()
    this.found.set(from, known)
    const path = joined(from, name)
    const file = known.get(path) ?? this.open(path, most)
    known.set(path, file)
    return file
  }

  /** Every file that was looked for in a directory and beside it. */
  lookedAt(from: string): readonly LookedAt[] {
    const paths = [...(this.found.get(from)?.values() ?? [])].sort((a, b) => (a.path < b.path ? -1 : 1))
    return paths.map(({ path, kind }) => ({
      path,
      sha256: kind === 'absent' ? null : this.files.sha256(path),
    }))
  }

  private open(path: string, most: number): FolderFile {
    const found = this.files.stat(path)
    if (!found) return { kind: 'absent', path }
    if (found.size > most)
      return { kind: 'refused', path, why: `it has ${found.size} bytes, at most ${most} are read` }
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(this.files.bytes(path, 0, found.size))
      this.texts?.set(path, text)
      return { kind: 'text', path, text }
    } catch (error) {
      if (error instanceof TypeError) return { kind: 'refused', path, why: 'it is no text in UTF-8' }
      return { kind: 'refused', path, why: 'it cannot be read' }
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
