import { precedence } from './fold.js'
import { concat, group, indent, join, print, type Doc } from './format-doc.js'
import { ExpressionPrinter, quote } from './format-expression.js'
import { braces, call, lines, square, type Entry } from './format-list.js'
import type {
  AblationDeclaration,
  AblationEntry,
  Allow,
  DataItem,
  Declaration,
  DimSyntax,
  FixedKey,
  FunctionDeclaration,
  Identifier,
  IgnoredKeys,
  MetricPath,
  LetDeclaration,
  ModelItem,
  ModuleDeclaration,
  ModuleMember,
  Parameter,
  ParameterCondition,
  ParameterPath,
  PipelineDeclaration,
  PipelineItem,
  RecordDeclaration,
  RecordField,
  RemoveItem,
  StageEntry,
  StageItem,
  SyntaxFile,
  TrainGroup,
  TypeSyntax,
  UpdateItem,
  Use,
} from './syntax.js'

const width = 100

/**
 * The text of a file as the language is written: lines of 100 columns, two blanks a level, all comments kept, at most
 * one blank line in a row. For files without syntax errors; formatting its own result changes nothing.
 */
export function format(file: SyntaxFile): string {
  const text = print(new FilePrinter(file).whole(), width)
  return text === '' ? '' : `${text}\n`
}

/** Prints declarations. Parts are printed in the order of the source, so that comments are handed out in theirs. */
class FilePrinter extends ExpressionPrinter {
  whole(): Doc {
    const uses = this.file.uses.map((use): Entry => ({ ...use.span, doc: () => this.use(use) }))
    const declarations = this.file.declarations.map((d): Entry => ({
      ...d.span,
      doc: () => this.declaration(d),
    }))
    return this.lists.whole([...uses, ...declarations].sort((a, b) => a.start - b.start))
  }

  private use({ from, fromKind, names, span }: Use): Doc {
    const entries = names.map(({ name, alias }) => ({
      start: name.span.start,
      end: (alias ?? name).span.end,
      doc: () => (alias ? `${name.text} as ${alias.text}` : name.text),
    }))
    const source = fromKind === 'file' ? quote(from) : from
    const list = this.lists.list({ ...braces, broken: ',', spaced: false }, entries, span.end - 1)
    return concat([`use ${source} `, list])
  }

  private declaration(d: Declaration): Doc {
    switch (d.kind) {
      case 'module':
        return this.module(d)
      case 'record':
        return this.record(d)
      case 'fn':
        return this.fn(d)
      case 'let':
        return this.let(d)
      case 'pipeline':
        return this.pipeline(d)
      case 'ablation':
        return this.ablation(d)
    }
  }

  private record({ name, mirrors, fields, rules, span }: RecordDeclaration): Doc {
    const members = [...fields.map(this.recordField), ...rules.map(this.keyRule)]
    const entries = members.sort((a, b) => a.start - b.start)
    const head = `record ${name.text} ${mirrors ? `from ${quote(mirrors.text)} ` : ''}`
    return concat([head, this.lists.list(this.broken(entries[0]?.start), entries, span.end - 1)])
  }

  private readonly recordField = (field: RecordField): Entry => {
    const entry = this.parameterEntry(field)
    const { keys } = field
    if (!keys) return entry
    return {
      ...entry,
      doc: () => concat([entry.doc(), ` from ${keys.map((k) => quote(k.text)).join(', ')}`]),
    }
  }

  private readonly keyRule = (rule: FixedKey | IgnoredKeys): Entry => ({
    ...rule.span,
    doc: () =>
      rule.kind === 'fixed'
        ? concat([`${rule.name.text} in `, this.expression(rule.values)])
        : concat(['ignore ', this.expression(rule.keys)]),
  })

  private module({ name, parameters, members, span }: ModuleDeclaration): Doc {
    const head = parameters.length > 0 ? this.parameters(parameters, name.span.end) : ''
    const entries = members.map((member) => ({ ...member.span, doc: () => this.member(member) }))
    const style = this.broken(members[0]?.span.start, lines, members.length > 1)
    return concat([`module ${name.text}`, head, ' ', this.lists.list(style, entries, span.end - 1)])
  }

  private member(member: ModuleMember): Doc {
    if (member.kind === 'fn') return this.fn(member)
    const value = member.kind === 'weight' ? member.init : member.value
    const type = member.kind === 'weight' ? [': ', this.type(member.type)] : []
    const word = member.kind === 'weight' && member.state ? 'state ' : ''
    const head = concat([word, member.name.text, ...type, this.assigned(value)])
    return member.condition ? concat([head, ' if ', this.expression(member.condition, 1)]) : head
  }

  protected override fn({ name, parameters, result, body, override }: FunctionDeclaration): Doc {
    // the name of one without is the word itself
    const named = name.text === 'fn' ? [] : [' ', name.text]
    const head = [word(override, 'fn'), ...named, this.parameters(parameters, name.span.end)]
    const type = result ? [' -> ', this.type(result)] : []
    if (body.kind === 'block') return concat([...head, ...type, ' ', this.block(body)])
    // The signature is one thing and the value another: a value that does not fit beside it goes below.
    const below = !(body.kind === 'record' || body.kind === 'match' || body.kind === 'if')
    const value = below && body.kind !== 'binary' ? this.below(body) : this.assigned(body)
    return concat([...head, ...type, value])
  }

  /** Parameters in brackets that open behind `start`. */
  private parameters(parameters: readonly Parameter[], start: number): Doc {
    const end = this.lists.behindComments(parameters.at(-1)?.span.end ?? start)
    return this.lists.list(call, parameters.map(this.parameterEntry), end)
  }

  private readonly parameterEntry = ({ name, type, default: value, span }: Parameter): Entry => ({
    ...span,
    doc: () =>
      concat([name.text, ...(type ? [': ', this.type(type)] : []), value ? this.assigned(value) : '']),
  })

  private let({ pattern, value, override }: LetDeclaration): Doc {
    return concat([word(override, 'let'), ' ', this.pattern(pattern), this.assigned(value)])
  }

  private pipeline({ name, extends: base, items, span }: PipelineDeclaration): Doc {
    const head = `pipeline ${name.text}${base ? ` extends ${base.text}` : ''} `
    return concat([head, this.items(items, span.end - 1, true)])
  }

  /** The declarations of a pipeline, one below the other; those of a variant may stand on one line. */
  private items(items: readonly PipelineItem[], end: number, force: boolean): Doc {
    const entries = items.map((item) => ({ ...item.span, doc: () => this.item(item) }))
    return this.lists.list(this.broken(force ? undefined : items[0]?.span.start, lines, force), entries, end)
  }

  private ablation({ name, of, entries, span }: AblationDeclaration): Doc {
    const rows = entries.map((entry) => ({ ...entry.span, doc: () => this.ablationEntry(entry) }))
    const style = this.broken(entries[0]?.span.start, lines, entries.length > 1)
    return concat([`ablation ${name.text} of ${of.text} `, this.lists.list(style, rows, span.end - 1)])
  }

  private ablationEntry(entry: AblationEntry): Doc {
    switch (entry.kind) {
      case 'vary':
        return concat([`vary ${entry.param.text} in `, this.expression(entry.values, 1)])
      case 'select':
        return concat([
          `select ${entry.param.text} in `,
          this.expression(entry.values, 1),
          ` by ${metric(entry.by)} on seeds `,
          this.expression(entry.seeds, 1),
        ])
      case 'seeds':
        return concat(['seeds ', this.expression(entry.values, 1)])
      case 'primary':
        return `primary ${entry.metrics.map(metric).join(', ')}`
      case 'variant': {
        const { change, name, span } = entry
        if ('text' in change) return `variant ${name.text} = ${change.text}`
        const of = entry.of ? `of ${entry.of.text} ` : ''
        return concat([`variant ${name.text} ${of}`, this.items(change, span.end - 1, change.length > 1)])
      }
    }
  }

  private item(item: PipelineItem): Doc {
    switch (item.kind) {
      case 'let':
        return this.let(item)
      case 'fn':
        return this.fn(item)
      case 'data':
        return this.data(item)
      case 'model':
        return this.model(item)
      case 'stage':
        return this.stage(item)
      case 'param':
        return concat([
          word(item.override, 'param'),
          ` ${item.name.text}`,
          ...(item.type ? [': ', this.type(item.type)] : []),
          this.assigned(item.value),
        ])
      case 'adapter':
        return concat([
          word(item.override, 'adapter'),
          ` ${item.name.text} = `,
          this.expression(item.value),
          ...(item.from ? [' from ', this.expression(item.from, 1)] : []),
        ])
      case 'state':
        return concat([
          word(item.override, 'state'),
          ` ${item.name.text}`,
          ...(item.type ? [': ', this.type(item.type)] : []),
          this.assigned(item.value),
        ])
      case 'next':
        return concat([
          word(item.override, 'next'),
          ` ${item.name.text}`,
          this.assigned(item.value),
          item.afterUpdate ? ' after update' : '',
        ])
      case 'loss':
        return concat([word(item.override, 'loss'), ` ${item.name.text}`, this.assigned(item.value)])
      case 'evaluate':
        return concat([
          word(item.override, 'evaluate'),
          ` ${item.name.text}`,
          this.assigned(item.value, 1),
          ...(item.over ? [` for ${item.over.name.text} in `, this.expression(item.over.values, 1)] : []),
          ...(item.every
            ? [' every ', this.expression(item.every.count, 1), item.every.unit ? ` ${item.every.unit}` : '']
            : []),
        ])
      case 'export':
        return `export ${item.models.map((model) => model.text).join(', ')}`
      case 'remove':
        return removed(item)
      case 'allow':
        return allowed(item)
    }
  }

  private data({ name, source, rows, fields, lets, override, span }: DataItem): Doc {
    const entries = [
      ...fields.map((field) => ({
        ...field.span,
        doc: () =>
          concat([
            word(field.override, `${field.name.text}: `),
            this.type(field.type),
            this.assigned(field.value),
          ]),
      })),
      ...lets.map((local) => ({
        ...local.span,
        doc: () => concat([`let ${local.name.text}`, this.assigned(local.value)]),
      })),
    ].sort((a, b) => a.start - b.start)
    const head = concat([
      `${word(override, 'data')} ${name.text}`,
      ...(source ? [' = ', this.expression(source)] : []),
      ...(rows ? [' rows ', this.expression(rows, 1)] : []),
    ])
    if (entries.length === 0 && (source ?? rows)) return head
    return concat([head, ' ', this.lists.list(this.broken(entries[0]?.start), entries, span.end - 1)])
  }

  private model({ name, value, from, strip, ignore, as, override }: ModelItem): Doc {
    const head = [word(override, 'model'), ` ${name.text} = `, this.expression(value)]
    const weights = from ? [' from ', this.expression(from, 1)] : []
    const stripped = strip ? ` strip ${quote(strip.text)}` : ''
    const ignored = ignore ? [this.ignored(ignore)] : []
    return group(concat([...head, ...weights, stripped, ...ignored, as ? ` as ${as.text}` : '']))
  }

  /** On the next line where it does not fit on this one. */
  private ignored(patterns: readonly Identifier[]): Doc {
    const texts = patterns.map(({ text }) => quote(text)).join(', ')
    return indent(concat([this.lists.lineBefore(patterns[0]?.span.start ?? 0), `ignore ${texts}`]))
  }

  /** A stage, or an update of one. */
  private stage({ kind, name, clauses, override, span }: StageItem | UpdateItem): Doc {
    const entries = clauses.map((clause) => ({ ...clause.span, doc: () => this.clause(clause) }))
    const style = this.broken(clauses[0]?.span.start, lines, clauses.length > 1)
    return concat([word(override, kind), ` ${name.text} `, this.lists.list(style, entries, span.end - 1)])
  }

  private clause(clause: StageEntry): Doc {
    switch (clause.kind) {
      case 'update':
        return this.stage(clause)
      case 'remove':
        return removed(clause)
      case 'train':
        return concat([
          'train ',
          join(
            ', ',
            clause.groups.map((trained) => this.trainGroup(trained)),
          ),
        ])
      case 'freeze':
        return concat([
          'freeze ',
          join(
            ', ',
            clause.paths.map((path) => this.path(path)),
          ),
        ])
      case 'allow':
        return allowed(clause)
      case 'monitor': {
        const head = concat([`monitor ${clause.name.text}`, this.assigned(clause.value)])
        return clause.every ? concat([head, ' every ', this.expression(clause.every, 1)]) : head
      }
      case 'keep':
        if (clause.best) return `keep best(${metric(clause.best)})`
        return concat(['keep last ', ...(clause.last ? [this.expression(clause.last, 1)] : [])])
      case 'stop':
        return concat([`stop when ${metric(clause.metric)} stalls `, this.expression(clause.stalls, 1)])
      case 'guard':
        return concat([
          'stop when loss > ',
          this.expression(clause.above, 1),
          ' for ',
          this.expression(clause.steps, 1),
          ` ${clause.unit}`,
        ])
      case 'clause':
        return group(
          concat([clause.name.text, ' ', this.expression(clause.value), ...(clause.exact ? [' exact'] : [])]),
        )
    }
  }

  private trainGroup({ path, except, where, settings, span }: TrainGroup): Doc {
    const chosen = concat([
      this.path(path),
      ...except.flatMap((other) => [' except ', this.path(other)]),
      ...where.flatMap((c, k) => [k === 0 ? ' where ' : ' and ', this.condition(c)]),
    ])
    if (settings.length === 0) return chosen
    const entries = settings.map(({ name, value }) => ({
      start: name.span.start,
      end: value.span.end,
      doc: () => concat([name.text, this.assigned(value)]),
    }))
    const style = this.broken(settings[0]?.name.span.start)
    return concat([chosen, ' ', this.lists.list(style, entries, span.end - 1)])
  }

  private condition(c: ParameterCondition): Doc {
    const [head, operand] = c.kind === 'kind' ? ['kind in ', c.modules] : [`rank ${c.operator} `, c.value]
    return concat([head, this.expression(operand, precedence.postfix)])
  }

  private path({ root, segments }: ParameterPath): Doc {
    const parts = segments.map((segment): Doc => {
      if (segment.kind === 'any') return '.*'
      if (segment.kind === 'deep') return '.**'
      if (segment.kind === 'field') return `.${segment.name.text}`
      return concat(['[', this.bound(segment.index), ']'])
    })
    return concat([root.text, ...parts])
  }

  private type(type: TypeSyntax): Doc {
    switch (type.kind) {
      case 'named-type':
        return type.name.text
      case 'literal-type':
        return quote(type.value)
      case 'list-type':
        return concat(['[', this.type(type.item), ']'])
      case 'union-type':
        return join(
          ' | ',
          type.items.map((item) => this.type(item)),
        )
      case 'tensor-type': {
        const entries = type.dims.map((dim) => ({ ...dim.span, doc: () => this.dim(dim) }))
        return concat([type.dtype.text, this.lists.list(square, entries, type.span.end - 1)])
      }
    }
  }

  private dim(dim: DimSyntax): Doc {
    return dim.kind === 'pack' ? `...${dim.name.text}` : this.expression(dim.value, 1)
  }
}

const metric = ({ evaluation, path }: MetricPath): string =>
  [evaluation, ...path].map(({ text }) => text).join('.')
const removed = ({ what, name }: RemoveItem): string =>
  `remove ${what.text} ${what.text === 'allow' ? quote(name.text) : name.text}`
const allowed = ({ code, reason }: Allow): string => `allow ${quote(code.text)} ${quote(reason.text)}`
const word = (override: boolean | undefined, kind: string): string => (override ? `override ${kind}` : kind)
