import type { Binding, Follower, Owner, Part, Use } from '../compiler/2-resolve/names/follower.js'
import type { FunctionDeclaration, Identifier, ParameterPath } from '../compiler/1-parse/syntax.js'
import type { Span } from '../diagnostics/diagnostic.js'
import { addParameters, declareItems, itemScope, memberScope } from './declare.js'
import { calleeOf, itemOf, memberOf, typeOf } from './static-type.js'
import {
  NameScope,
  type Occurrence,
  type SourceSymbol,
  type StaticType,
  resolved,
  symbol,
} from './symbols.js'

/** What is found by following the names of a file. */
export class Found {
  readonly occurrences: Occurrence[] = []
  /** Where names of a part of the file are visible, outer parts before inner ones. */
  readonly scopes: { readonly span: Span; readonly scope: NameScope }[] = []
  /** Members and named arguments of which it is not known whose they are. */
  readonly unresolved: Identifier[] = []
}

/** Names that can be seen, and the declaration whose members stand there. */
export interface Place {
  readonly names: NameScope
  readonly owner?: SourceSymbol | undefined
  /** What is seen where names get their values, which are not seen there themselves. */
  readonly around?: NameScope
}

/** Notes what every name of a file stands for. */
export class Notes implements Follower<Place> {
  constructor(private readonly found: Found) {}

  inner(outer: Place, part: Part): Place {
    switch (part.kind) {
      case 'function': {
        const own = this.functionAt(outer, part.node)
        return this.seen(part.node.span, outer.names.inner(), own)
      }
      case 'item': {
        const own = outer.owner?.members.get(part.node.name.text)
        // the `let`s of a block of data are names in it; stages and updates have no names of their own
        return part.node.kind === 'data'
          ? this.seen(part.node.span, outer.names.inner(), own)
          : { names: outer.names, owner: own }
      }
      case 'parameters':
      case 'declaration': {
        const own = outer.names.own(part.node.name.text)
        if (part.node.kind === 'ablation') return { names: outer.names, owner: own }
        if (!own || part.node.kind === 'record') return { names: outer.names.inner(), owner: own }
        const scope =
          part.node.kind === 'module' ? memberScope(own, outer.names) : itemScope(own, outer.names)
        return this.seen(part.node.span, scope, own)
      }
      case 'variant': {
        const { node } = part
        const { owner } = outer
        const own = symbol('variant', node.name, owner ? { owner } : {})
        owner?.members.set(own.name, own)
        if ('text' in node.change) return { names: outer.names, owner: own }
        const base = node.of ? outer.names.get(node.of.text) : varied(owner, outer.names)
        declareItems(own, node.change, base && resolved(base), outer.names)
        return this.seen(node.span, itemScope(own, outer.names), own)
      }
      case 'value':
      case 'clause':
        return this.seen(part.span, outer.names.inner(), outer.owner)
      case 'binder':
        return { ...this.seen(part.span, outer.names.inner(), outer.owner), around: outer.names }
    }
  }

  private seen(span: Span, names: NameScope, owner: SourceSymbol | undefined): Place {
    this.found.scopes.push({ span, scope: names })
    return { names, owner }
  }

  /** The symbol of a function: of a declaration, of one that it overrides, or of a block. */
  private functionAt({ names, owner }: Place, d: FunctionDeclaration): SourceSymbol {
    const seen = names.get(d.name.text)
    if (seen?.declaration === d) return seen
    const member = owner?.members.get(d.name.text)
    return member?.kind === 'fn' ? member : functionOf(d, names)
  }

  bind({ names, owner, around = names }: Place, binding: Binding): void {
    const { name } = binding
    switch (binding.kind) {
      case 'parameter': {
        const own = owner?.members.get(name.text)
        if (own) names.set(own)
        return this.note(name, own, names)
      }
      case 'fn':
        return void names.set(functionOf(binding.declaration, names))
      case 'dimension':
        if (!isNumber(names.get(name.text))) names.set(symbol('dimension', name))
        return
      case 'local': {
        const known = names.own(name.text)
        if (known && known.kind !== 'dimension') return
        const { value, each, whole } = binding
        const typed = (): StaticType | undefined => {
          const type = whole && value ? typeOf(value, around) : undefined
          return each ? itemOf(type) : type
        }
        names.set(symbol('local', name, { typed }))
      }
    }
  }

  bound({ names }: Place, name: Identifier): void {
    this.note(name, names.get(name.text), names)
  }

  use({ names, owner }: Place, name: Identifier, as: Use): void {
    // a name of the language
    if (as === 'initial value') return
    const found = names.get(name.text)
    const ofRow = found?.kind === 'local' && owner?.kind === 'data'
    if (as === 'row' && !ofRow) return
    if (as === 'column' && !ofRow && found?.kind !== 'param') return
    this.note(name, found, names)
  }

  part({ names, owner }: Place, name: Identifier): void {
    this.note(name, owner?.members.get(name.text), names)
  }

  member({ names }: Place, name: Identifier, owner: Owner): void {
    if (owner.kind === 'pipeline') {
      const pipeline = names.get(owner.of.text)
      return this.note(name, pipeline && resolved(pipeline).members.get(name.text), names)
    }
    const found =
      owner.kind === 'object'
        ? memberOf(owner.of, name.text, names)
        : calleeOf(owner.of, names)?.members.get(name.text)
    this.noteOrNot(name, found, names)
  }

  path({ names }: Place, { root, segments }: ParameterPath): void {
    let type = names.get(root.text)?.type()
    for (const segment of segments) {
      if (segment.kind === 'field') {
        const part: SourceSymbol | undefined =
          type && !type.list ? type.of.members.get(segment.name.text) : undefined
        this.noteOrNot(segment.name, part, names)
        type = part?.type()
      } else if (segment.kind === 'index') type = segment.index.kind === 'range' ? type : itemOf(type)
      else type = segment.kind === 'any' ? itemOf(type) : undefined
    }
  }

  private noteOrNot(name: Identifier, found: SourceSymbol | undefined, scope: NameScope): void {
    if (found) this.note(name, found, scope)
    else this.found.unresolved.push(name)
  }

  private note(name: Identifier, found: SourceSymbol | undefined, scope: NameScope): void {
    if (!found || name.text === '') return
    const declares = found.span.file === name.span.file && found.span.start === name.span.start
    this.found.occurrences.push({ span: name.span, symbol: found, scope, declares })
  }
}

/** A function of a block, or one without a name. */
function functionOf(d: FunctionDeclaration, scope: NameScope): SourceSymbol {
  const own = symbol('fn', d.name, { declaration: d })
  addParameters(own, d.parameters, 'parameter', scope)
  return own
}

/** The pipeline that an ablation is of. */
function varied(ablation: SourceSymbol | undefined, scope: NameScope): SourceSymbol | undefined {
  const { declaration } = ablation ?? {}
  const of = declaration?.kind === 'ablation' ? scope.get(declaration.of.text) : undefined
  return of
}

/** Whether a name may stand for the size of a dimension. */
const isNumber = (found: SourceSymbol | undefined): boolean =>
  found !== undefined &&
  ['parameter', 'record-field', 'field', 'param', 'let', 'dimension', 'local'].includes(found.kind)
