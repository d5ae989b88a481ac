import type { SyntaxFile } from '../compiler/1-parse/syntax.js'
import { followDeclaration } from '../compiler/2-resolve/names/declarations.js'
import { usePath } from '../compiler/2-resolve/program.js'
import type { Span } from '../diagnostics/diagnostic.js'
import { declare, declareItems } from './declare.js'
import { NameScope, type Occurrence, type SourceSymbol, symbol } from './symbols.js'
import { Found, Notes } from './notes.js'

/** What every name in a set of files stands for. */
export class SourceIndex {
  private readonly found = new Map<string, Found>()
  private readonly scopes = new Map<string, NameScope>()
  private readonly symbols = new Map<string, ReadonlyMap<string, SourceSymbol>>()

  constructor(
    readonly files: ReadonlyMap<string, SyntaxFile>,
    prelude: string,
  ) {
    const everywhere = new NameScope()
    for (const path of files.keys()) this.scopes.set(path, new NameScope(everywhere))
    for (const [path, file] of files) {
      const scope = this.scope(path)
      const made = file.declarations.flatMap((d) => declare(d, scope))
      this.symbols.set(path, new Map(made.map((s) => [s.name, s])))
      for (const s of made) scope.set(s)
    }
    for (const own of this.symbols.get(prelude)?.values() ?? []) everywhere.set(own)
    for (const [path, file] of files) this.uses(path, file)
    const pipelines = new Set<SourceSymbol>()
    for (const path of files.keys()) this.pipelines(path, pipelines)
    for (const [path, file] of files) {
      const notes = new Notes(this.of(path))
      for (const d of file.declarations) followDeclaration(notes, d, { names: this.scope(path) })
    }
    for (const { occurrences } of this.found.values()) occurrences.sort((a, b) => a.span.start - b.span.start)
  }

  /** Whatever is named at a place of a file. */
  at(path: string, offset: number): Occurrence | undefined {
    const here = this.of(path).occurrences.filter((o) => o.span.start <= offset && offset <= o.span.end)
    // where two names meet, the one that starts there
    return here.at(-1)
  }

  occurrences(path: string): readonly Occurrence[] {
    return this.of(path).occurrences
  }

  /** All places where a symbol is named, in all files. */
  occurrencesOf(wanted: SourceSymbol): readonly Occurrence[] {
    return [...this.found.values()].flatMap(({ occurrences }) =>
      occurrences.filter((o) => o.symbol === wanted),
    )
  }

  /** All places where anything of a name is named. */
  occurrencesNamed(name: string): readonly Occurrence[] {
    return [...this.found.values()].flatMap(({ occurrences }) =>
      occurrences.filter((o) => o.symbol.name === name),
    )
  }

  /** Places where a member or argument of this name is used and nobody knows whose it is. */
  unresolved(name: string): readonly Span[] {
    return [...this.found.values()].flatMap((f) =>
      f.unresolved.filter((u) => u.text === name).map((u) => u.span),
    )
  }

  /** The names that can be seen from a place. */
  scopeAt(path: string, offset: number): NameScope {
    const around = this.of(path).scopes.filter(({ span }) => span.start <= offset && offset <= span.end)
    return around.at(-1)?.scope ?? this.scope(path)
  }

  ownSymbol(path: string, name: string): SourceSymbol | undefined {
    return this.symbols.get(path)?.get(name)
  }

  symbolsOf(path: string): readonly SourceSymbol[] {
    return [...(this.symbols.get(path)?.values() ?? [])]
  }

  private scope(path: string): NameScope {
    const known = this.scopes.get(path) ?? new NameScope()
    this.scopes.set(path, known)
    return known
  }

  private of(path: string): Found {
    const known = this.found.get(path) ?? new Found()
    this.found.set(path, known)
    return known
  }

  private uses(path: string, file: SyntaxFile): void {
    const scope = this.scope(path)
    const { occurrences } = this.of(path)
    for (const use of file.uses) {
      const there = this.symbols.get(usePath(path, use))
      for (const { name, alias } of use.names) {
        const target = there?.get(name.text)
        if (!target) continue
        occurrences.push({ span: name.span, symbol: target, scope, declares: false })
        if (scope.own((alias ?? name).text)) continue
        const local = alias ? symbol('alias', alias, { target }) : target
        scope.set(local)
        if (alias) occurrences.push({ span: alias.span, symbol: local, scope, declares: true })
      }
    }
  }

  private pipelines(path: string, done: Set<SourceSymbol>): void {
    for (const own of this.symbolsOf(path)) this.pipeline(own, done)
  }

  /** The items of a pipeline, after those of what it extends. */
  private pipeline(own: SourceSymbol, done: Set<SourceSymbol>): void {
    const d = own.declaration
    if (d?.kind !== 'pipeline' || done.has(own)) return
    done.add(own)
    const scope = this.scope(own.span.file)
    const named = d.extends && scope.get(d.extends.text)
    const base = named?.target ?? named
    if (base) this.pipeline(base, done)
    declareItems(own, d.items, base?.kind === 'pipeline' ? base : undefined, scope)
  }
}
