import type { Span } from '../diagnostics/diagnostic.js'
import { childrenOf } from '../compiler/1-parse/children.js'
import { patternNames } from '../compiler/1-parse/pattern-names.js'
import type {
  AblationDeclaration,
  Argument,
  Declaration,
  Expression,
  FunctionDeclaration,
  Identifier,
  Parameter,
  ParameterPath,
  Pattern,
  PipelineItem,
  StageEntry,
  Statement,
  TypeSyntax,
} from '../compiler/1-parse/syntax.js'
import { visitRows } from '../compiler/2-resolve/row-expressions.js'
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

/** What a walk through a file finds. */
export class Found {
  readonly occurrences: Occurrence[] = []
  /** Where names of a part of the file are visible, outer parts before inner ones. */
  readonly scopes: { readonly span: Span; readonly scope: NameScope }[] = []
  /** Members and named arguments of which it is not known whose they are. */
  readonly unresolved: Identifier[] = []
}

/** Walks the declarations of one file and notes what every name in them stands for. */
export class Walk {
  constructor(private readonly found: Found) {}

  private note(id: Identifier, target: SourceSymbol | undefined, scope: NameScope, declares = false): void {
    if (target && id.text !== '')
      this.found.occurrences.push({ span: id.span, symbol: target, scope, declares })
  }

  private see(span: Span, scope: NameScope): void {
    this.found.scopes.push({ span, scope })
  }

  declaration(d: Declaration, scope: NameScope, own: SourceSymbol | undefined): void {
    if (d.kind === 'let') {
      for (const name of patternNames(d.pattern)) this.note(name, scope.get(name.text), scope, true)
      return this.body(d.value, scope)
    }
    this.note(d.name, own, scope, true)
    if (!own) return
    switch (d.kind) {
      case 'fn':
        return this.fn(d, own, scope)
      case 'record': {
        const inner = new NameScope(scope)
        this.parameters(d.fields, own, inner)
        for (const rule of d.rules) this.expression(rule.kind === 'fixed' ? rule.values : rule.keys, inner)
        return
      }
      case 'module': {
        const inner = memberScope(own, scope)
        this.see(d.span, inner)
        this.parameters(d.parameters, own, inner)
        for (const m of d.members) {
          const member = own.members.get(m.name.text)
          this.note(m.name, member, inner, true)
          if (m.kind === 'fn') {
            if (member) this.fn(m, member, inner)
            continue
          }
          if (m.kind === 'weight') {
            this.type(m.type, inner)
            this.plugin(m.init, inner)
          } else this.expression(m.value, inner)
          if (m.condition) this.expression(m.condition, inner)
        }
        return
      }
      case 'pipeline': {
        const inner = itemScope(own, scope)
        if (d.extends) this.note(d.extends, scope.get(d.extends.text), scope)
        this.see(d.span, inner)
        for (const item of d.items) this.item(item, own, inner)
        return
      }
      case 'ablation':
        return this.ablation(d, own, scope)
    }
  }

  /** A variant is read as a pipeline that extends the one of the ablation. */
  private ablation(d: AblationDeclaration, own: SourceSymbol, scope: NameScope): void {
    const named = scope.get(d.of.text)
    const base = named && resolved(named)
    this.note(d.of, named, scope)
    for (const entry of d.entries) {
      if (entry.kind === 'variant') {
        const variant = symbol('variant', entry.name, { owner: own })
        own.members.set(variant.name, variant)
        this.note(entry.name, variant, scope, true)
        if ('text' in entry.change) this.note(entry.change, scope.get(entry.change.text), scope)
        else {
          declareItems(variant, entry.change, base, scope)
          const inner = itemScope(variant, scope)
          this.see(entry.span, inner)
          for (const item of entry.change) this.item(item, variant, inner)
        }
      } else {
        if (entry.kind === 'vary') this.note(entry.param, base?.members.get(entry.param.text), scope)
        this.expression(entry.values, scope)
      }
    }
  }

  private fn(d: FunctionDeclaration, own: SourceSymbol, scope: NameScope): void {
    const inner = new NameScope(scope)
    this.see(d.span, inner)
    this.parameters(d.parameters, own, inner)
    if (d.result) this.type(d.result, inner, inner)
    this.assigned(d.body, inner)
    this.expression(d.body, inner)
  }

  /** A function of a block, or one without a name. */
  private localFunction(d: FunctionDeclaration, scope: NameScope): SourceSymbol {
    const own = symbol('fn', d.name, { declaration: d })
    addParameters(own, d.parameters, 'parameter', scope)
    return own
  }

  /** Notes parameters and adds them, and the dimensions that their types name, to a scope. */
  private parameters(parameters: readonly Parameter[], owner: SourceSymbol, scope: NameScope): void {
    for (const p of parameters) {
      if (p.type) this.type(p.type, scope, scope)
      if (p.default) this.expression(p.default, scope)
      const own = owner.members.get(p.name.text)
      this.note(p.name, own, scope, true)
      if (own) scope.set(own)
    }
  }

  /** With `binds`, names of dimensions that stand for no number yet become names of that scope. */
  private type(type: TypeSyntax, scope: NameScope, binds?: NameScope): void {
    switch (type.kind) {
      case 'named-type':
        return this.note(type.name, scope.get(type.name.text), scope)
      case 'list-type':
        return this.type(type.item, scope, binds)
      case 'union-type':
        return type.items.forEach((item) => this.type(item, scope, binds))
      case 'tensor-type':
        for (const dim of type.dims) {
          const id =
            dim.kind === 'pack'
              ? dim.name
              : dim.value.kind === 'name'
                ? { text: dim.value.name, span: dim.value.span }
                : undefined
          if (id && binds && !isNumber(scope.get(id.text))) binds.set(symbol('dimension', id))
          if (id) this.note(id, scope.get(id.text), scope, scope.get(id.text)?.span === id.span)
          else if (dim.kind === 'dim') this.expression(dim.value, scope)
        }
        return
      case 'literal-type':
    }
  }

  /** A value with locals of its own. */
  private body(e: Expression, scope: NameScope): void {
    const inner = new NameScope(scope)
    this.assigned(e, inner)
    this.see(e.span, inner)
    this.expression(e, inner)
  }

  private item(item: PipelineItem, pipeline: SourceSymbol, scope: NameScope): void {
    const member = (id: Identifier): SourceSymbol | undefined => pipeline.members.get(id.text)
    if (item.kind === 'export') {
      for (const model of item.models) this.note(model, member(model), scope)
      return
    }
    if (item.kind === 'allow') return
    if (item.kind === 'remove') return this.note(item.name, member(item.name), scope)
    if (item.kind === 'next') {
      this.note(item.name, member(item.name), scope)
      return this.body(item.value, scope)
    }
    if (item.kind === 'let') {
      for (const name of patternNames(item.pattern))
        this.note(name, member(name), scope, item.override !== true)
      return this.body(item.value, scope)
    }
    const own = member(item.name)
    this.note(item.name, own, scope, item.override !== true)
    switch (item.kind) {
      case 'fn':
        return own && this.fn(item, own, scope)
      case 'param':
        if (item.type) this.type(item.type, scope)
        return this.expression(item.value, scope)
      case 'model':
        if (item.from) this.expression(item.from, scope)
        return this.expression(item.value, scope)
      case 'loss':
        return this.body(item.value, scope)
      case 'state':
        if (item.type) this.type(item.type, scope)
        return this.plugin(item.value, scope)
      case 'adapter':
        if (item.from) this.expression(item.from, scope)
        return this.plugin(item.value, scope)
      case 'evaluate': {
        const { over, every } = item
        if (every) this.expression(every.count, scope)
        if (!over) return this.plugin(item.value, scope)
        this.expression(over.values, scope)
        const inner = new NameScope(scope)
        this.see(item.span, inner)
        const typed = (): StaticType | undefined => itemOf(typeOf(over.values, scope))
        this.note(over.name, inner.set(symbol('local', over.name, { typed })), inner, true)
        return this.plugin(item.value, inner)
      }
      case 'data': {
        if (item.source)
          visitRows(item.source, {
            data: ({ name, span }) => this.note({ text: name, span }, scope.get(name), scope),
            columns: (e) => this.columns(e, scope, new Set()),
            value: (e) => this.expression(e, scope),
          })
        if (item.rows) this.expression(item.rows, scope)
        const lets = new NameScope(scope)
        const locals = new Set<string>()
        this.see(item.span, lets)
        for (const { name, value } of item.lets) {
          this.columns(value, lets, locals)
          locals.add(name.text)
          this.note(name, lets.set(symbol('local', name)), lets, true)
        }
        for (const f of item.fields) {
          const field = own?.members.get(f.name.text)
          this.note(f.name, field, scope, field?.span === f.name.span)
          this.type(f.type, scope)
          this.columns(f.value, lets, locals)
        }
        return
      }
      case 'stage':
        for (const clause of item.clauses) this.clause(clause, own, scope)
    }
  }

  /**
   * What is computed of a row: names are `let`s of the block and columns, of which no file knows; a param may stand
   * where no column has its name.
   */
  private columns(e: Expression, scope: NameScope, locals: ReadonlySet<string>): void {
    switch (e.kind) {
      case 'name': {
        const found = scope.get(e.name)
        if (found && (locals.has(e.name) || found.kind === 'param'))
          this.note({ text: e.name, span: e.span }, found, scope)
        return
      }
      case 'call':
        return e.arguments.forEach((a) => this.columns(a.value, scope, locals))
      case 'comprehension':
      case 'pairs':
      case 'block':
      case 'function':
        return
      default:
        for (const child of childrenOf(e)) this.columns(child, scope, locals)
    }
  }

  private clause(clause: StageEntry, stage: SourceSymbol | undefined, scope: NameScope): void {
    if (clause.kind === 'update') {
      const own = stage?.members.get(clause.name.text)
      this.note(clause.name, own, scope, clause.override !== true)
      for (const inner of clause.clauses) this.clause(inner, own, scope)
      return
    }
    if (clause.kind === 'remove') return this.note(clause.name, stage?.members.get(clause.name.text), scope)
    if (clause.kind === 'clause') {
      const named = clause.name.text === 'optimizer' || clause.name.text === 'schedule'
      return named ? this.plugin(clause.value, scope) : this.body(clause.value, scope)
    }
    if (clause.kind === 'monitor') {
      this.note(clause.name, stage?.members.get(clause.name.text), scope, true)
      if (clause.every) this.expression(clause.every, scope)
      return this.body(clause.value, scope)
    }
    if (clause.kind === 'allow') return
    if (clause.kind === 'keep' || clause.kind === 'stop') {
      const metric = clause.kind === 'stop' ? clause.metric : clause.best
      const count = clause.kind === 'stop' ? clause.stalls : clause.last
      if (metric) this.note(metric.evaluation, scope.get(metric.evaluation.text), scope)
      if (count) this.expression(count, scope)
      return
    }
    if (clause.kind === 'freeze') return clause.paths.forEach((path) => this.path(path, scope))
    for (const { path, settings } of clause.groups) {
      this.path(path, scope)
      for (const s of settings) this.expression(s.value, scope)
    }
  }

  /** A path to parameters: a model, and parts of parts of it. */
  private path({ root, segments }: ParameterPath, scope: NameScope): void {
    const model = scope.get(root.text)
    this.note(root, model, scope)
    let type: StaticType | undefined = model?.type()
    for (const segment of segments) {
      if (segment.kind === 'field') {
        const part: SourceSymbol | undefined =
          type && !type.list ? type.of.members.get(segment.name.text) : undefined
        this.member(segment.name, part, scope)
        type = part?.type()
      } else if (segment.kind === 'index') {
        this.expression(segment.index, scope)
        if (segment.index.kind !== 'range') type = itemOf(type)
      } else type = segment.kind === 'any' ? itemOf(type) : undefined
    }
  }

  private member(id: Identifier, found: SourceSymbol | undefined, scope: NameScope): void {
    if (found) this.note(id, found, scope)
    else this.found.unresolved.push(id)
  }

  /** A call of something that is no name of a file: a source, an optimizer, a distribution. */
  private plugin(e: Expression, scope: NameScope): void {
    if (e.kind === 'call') for (const a of e.arguments) this.expression(a.value, scope)
    else if (e.kind !== 'name') this.expression(e, scope)
  }

  /** Adds the names that a body binds anywhere to a scope: one body is one scope. */
  private assigned(e: Expression, scope: NameScope): void {
    const bind = (pattern: Pattern, typed: () => StaticType | undefined): void => {
      const single = pattern.kind === 'name-pattern'
      for (const name of patternNames(pattern)) {
        const known = scope.own(name.text)
        if (!known || known.kind === 'dimension')
          scope.set(symbol('local', name, { typed: () => (single ? typed() : undefined) }))
      }
    }
    const statement = (s: Statement): void => {
      switch (s.kind) {
        case 'fn':
          scope.set(this.localFunction(s, scope))
          return
        case 'assign':
          bind(s.pattern, () => typeOf(s.value, scope))
          return this.assigned(s.value, scope)
        case 'for':
          bind(s.pattern, () => itemOf(typeOf(s.iterable, scope)))
          return this.assigned(s.body, scope)
        case 'if-statement':
          this.assigned(s.then, scope)
          if (s.else) this.assigned(s.else, scope)
      }
    }
    if (e.kind === 'block') {
      e.statements.forEach(statement)
      if (e.result) this.assigned(e.result, scope)
    } else if (e.kind === 'if') {
      this.assigned(e.then, scope)
      if (e.else) this.assigned(e.else, scope)
    } else if (e.kind === 'match') for (const arm of e.arms) this.assigned(arm.value, scope)
  }

  private bound(pattern: Pattern, scope: NameScope): void {
    for (const name of patternNames(pattern)) {
      const own = scope.get(name.text)
      this.note(name, own, scope, own?.span === name.span)
    }
  }

  private expression(e: Expression, scope: NameScope): void {
    switch (e.kind) {
      case 'name':
        return this.note({ text: e.name, span: e.span }, scope.get(e.name), scope)
      case 'field':
        this.expression(e.object, scope)
        return this.member(e.name, memberOf(e.object, e.name.text, scope), scope)
      case 'call':
        this.expression(e.callee, scope)
        return this.arguments(e.arguments, calleeOf(e.callee, scope), scope)
      case 'comprehension': {
        this.expression(e.iterable, scope)
        const inner = new NameScope(scope)
        const item = (): StaticType | undefined =>
          e.pattern.kind === 'name-pattern' ? itemOf(typeOf(e.iterable, scope)) : undefined
        for (const name of patternNames(e.pattern)) inner.set(symbol('local', name, { typed: item }))
        this.see(e.span, inner)
        this.bound(e.pattern, inner)
        return this.expression(e.value, inner)
      }
      case 'with': {
        this.expression(e.object, scope)
        const type = typeOf(e.object, scope)
        for (const f of e.fields) {
          this.member(f.name, type && !type.list ? type.of.members.get(f.name.text) : undefined, scope)
          this.expression(f.value, scope)
        }
        return
      }
      case 'block':
        for (const s of e.statements) this.statement(s, scope)
        if (e.result) this.expression(e.result, scope)
        return
      case 'function':
        return this.fn(e.function, this.localFunction(e.function, scope), scope)
      case 'pairs': {
        for (const { count } of e.over) this.expression(count, scope)
        const inner = new NameScope(scope)
        this.see(e.span, inner)
        for (const index of e.over.flatMap(({ names }) => names))
          this.note(index, inner.set(symbol('local', index)), inner, true)
        return this.expression(e.value, inner)
      }
      default:
        for (const child of childrenOf(e)) this.expression(child, scope)
    }
  }

  private statement(s: Statement, scope: NameScope): void {
    if (s.kind === 'fn') {
      const own = scope.get(s.name.text)
      this.note(s.name, own, scope, own?.span === s.name.span)
      return own && this.fn(s, own, scope)
    }
    if (s.kind === 'if-statement') {
      this.expression(s.condition, scope)
      this.expression(s.then, scope)
      if (s.else) this.expression(s.else, scope)
      return
    }
    if (s.kind === 'next') {
      this.note(s.name, scope.get(s.name.text), scope)
      return this.expression(s.value, scope)
    }
    this.bound(s.pattern, scope)
    this.expression(s.kind === 'assign' ? s.value : s.iterable, scope)
    if (s.kind === 'for') this.expression(s.body, scope)
  }

  private arguments(given: readonly Argument[], callee: SourceSymbol | undefined, scope: NameScope): void {
    for (const a of given) {
      if (a.name) this.member(a.name, callee?.members.get(a.name.text), scope)
      this.expression(a.value, scope)
    }
  }
}

/** Whether a name may stand for the size of a dimension. */
const isNumber = (found: SourceSymbol | undefined): boolean =>
  found !== undefined &&
  ['parameter', 'record-field', 'field', 'param', 'let', 'dimension', 'local'].includes(found.kind)
