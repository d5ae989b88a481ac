import fc, { type Arbitrary, type LetrecTypedTie } from 'fast-check'
import type {
  AblationEntry,
  Allow,
  Argument,
  DataField,
  DataLet,
  Declaration,
  DimSyntax,
  Expression,
  Identifier,
  Index,
  MatchArm,
  PairIndices,
  ModuleMember,
  Parameter,
  RecordField,
  FixedKey,
  IgnoredKeys,
  ParameterCondition,
  ParameterPath,
  Pattern,
  PipelineItem,
  StageClause,
  Statement,
  SyntaxFile,
  TrainGroup,
  MetricPath,
  Cadence,
  TypeSyntax,
  Use,
} from '../../src/compiler/1-parse/syntax.js'
import { type UnitName, units } from '../../src/compiler/1-parse/units.js'

/** Spans say nothing in generated trees; whether lists look broken in the source hangs on the text at their start. */
const span = { file: 'generated.dcr', start: 1, end: 1 }

/** Optional properties that are undefined are left out, as the parser does. */
const tidy = <T extends object>(node: T): T =>
  Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined)) as T
/** A node of a tree; the trees are compared with what the parser builds, so their types need no more proof. */
const node = <T>(fields: Readonly<Record<string, Arbitrary<unknown>>>): Arbitrary<T> =>
  fc.record(fields).map((values) => tidy({ ...values, span }) as T)

const words =
  'a b c x y long_name_of_a_value d_in Linear _ data model stage image loss train allow seeds ignore x1 lr keep best stop epochs strip'.split(
    ' ',
  )
const identifier: Arbitrary<Identifier> = fc.constantFrom(...words).map((text) => ({ text, span }))
const maybe = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })
const few = <T>(arbitrary: Arbitrary<T>, least = 0): Arbitrary<T[]> =>
  fc.array(arbitrary, { minLength: least, maxLength: 3 })
const kind = <K extends string>(value: K): Arbitrary<K> => fc.constant(value)
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'a"b\\', '\n\t\r\u0000', '\ud800'),
)

const literal: Arbitrary<Expression> = fc.oneof(
  node<Expression>({ kind: kind('int'), value: fc.nat({ max: Number.MAX_SAFE_INTEGER }) }),
  node<Expression>({
    kind: kind('float'),
    value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
  }),
  node<Expression>({
    kind: kind('quantity'),
    value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    unit: fc.constantFrom(...(Object.keys(units) as UnitName[])),
  }),
  node<Expression>({ kind: kind('string'), value: text }),
  node<Expression>({ kind: kind('bool'), value: fc.boolean() }),
  node<Expression>({ kind: kind('none') }),
)

const name: Arbitrary<Expression> = fc
  .constantFrom(...words)
  .map((word) => ({ kind: 'name', name: word, span }))

const tuplePattern = (items: readonly Pattern[]): Pattern => ({ kind: 'tuple-pattern', items, span })
const namePattern: Arbitrary<Pattern> = identifier.map((id) => ({ kind: 'name-pattern', name: id, span }))
const pattern: Arbitrary<Pattern> = fc.oneof(
  { weight: 3, arbitrary: namePattern },
  { weight: 1, arbitrary: few(namePattern).map(tuplePattern) },
  {
    weight: 1,
    arbitrary: few(fc.oneof(namePattern, few(namePattern, 1).map(tuplePattern))).map(tuplePattern),
  },
)

const binaryOperators = [
  '+',
  '-',
  '*',
  '/',
  '**',
  '@',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'and',
  'or',
] as const

interface Syntax {
  expression: Expression
  deep: Expression
  argument: Argument
  index: Index
  arm: MatchArm
  /** A block or record with a value, and one without. */
  valued: Expression
  blank: Expression
  statement: Statement
}

/** Expressions as the parser builds them: what it never builds (a block that ends in an unused `if`) is not made. */
const syntax = fc.letrec<Syntax>((tie: LetrecTypedTie<Syntax>) => {
  const e = tie('expression')
  const fields = (least: number) => few(fc.record({ name: identifier, value: e }), least)
  const optionalOpen = fc.oneof(
    node<Expression>({ kind: kind('range'), start: maybe(e), end: maybe(e), inclusive: fc.constant(false) }),
    node<Expression>({
      kind: kind('range'),
      start: fc.constant(undefined),
      end: e,
      inclusive: fc.constant(true),
    }),
  )
  const call = node<Expression>({
    kind: kind('call'),
    callee: e,
    arguments: few(tie('argument')),
  })
  const distribution = fc.oneof(
    name,
    node<Expression>({ kind: kind('call'), callee: name, arguments: few(tie('argument')) }),
  )
  return {
    expression: fc.oneof({ maxDepth: 4, depthIdentifier: 'e' }, name, literal, tie('deep')),
    deep: fc.oneof(
      node<Expression>({ kind: kind('field'), object: e, name: identifier }),
      call,
      node<Expression>({ kind: kind('index'), object: e, indices: few(tie('index'), 1) }),
      node<Expression>({ kind: kind('unary'), operator: fc.constantFrom('-', 'not'), operand: e }),
      node<Expression>({
        kind: kind('binary'),
        operator: fc.constantFrom(...binaryOperators),
        left: e,
        right: e,
      }),
      node<Expression>({
        kind: kind('binary'),
        operator: fc.constantFrom(...binaryOperators),
        left: e,
        right: e,
      }),
      node<Expression>({ kind: kind('range'), start: e, end: e, inclusive: fc.boolean() }),
      node<Expression>({ kind: kind('list'), items: few(e) }),
      node<Expression>({ kind: kind('comprehension'), value: e, pattern, iterable: e }),
      node<Expression>({ kind: kind('tuple'), items: few(e) }),
      node<Expression>({ kind: kind('record'), fields: fields(1) }),
      node<Expression>({ kind: kind('with'), object: e, fields: fields(0) }),
      node<Expression>({
        kind: kind('if'),
        condition: e,
        then: fc.oneof(tie('valued'), tie('blank')),
        else: maybe(tie('valued')),
      }),
      node<Expression>({ kind: kind('match'), subject: e, arms: few(tie('arm')) }),
      tie('valued'),
      tie('blank'),
      node<Expression>({ kind: kind('optional'), operand: e }),
      node<Expression>({ kind: kind('draw'), distribution, like: e, shape: fc.constant(undefined) }),
      node<Expression>({
        kind: kind('draw'),
        distribution,
        like: fc.constant(undefined),
        shape: maybe(few(e)),
      }),
      node<Expression>({
        kind: kind('pairs'),
        value: e,
        over: few(fc.record<PairIndices>({ names: few(identifier, 1), count: e }), 1),
      }),
    ),
    argument: node<Argument>({ name: maybe(identifier), value: e }),
    index: fc.oneof(
      node<Index>({ kind: kind('at'), value: e }),
      node<Index>({ kind: kind('at'), value: optionalOpen }),
      node<Index>({ kind: kind('slice'), start: maybe(e), end: maybe(e), step: maybe(e) }),
      node<Index>({ kind: kind('new-axis') }),
      node<Index>({ kind: kind('ellipsis') }),
    ),
    arm: node<MatchArm>({
      patterns: few(
        fc.oneof(
          literal,
          name,
          node<Expression>({ kind: kind('unary'), operator: fc.constant('-'), operand: literal }),
        ),
        1,
      ),
      value: e,
    }),
    valued: fc.oneof(
      node<Expression>({
        kind: kind('block'),
        statements: few(tie('statement')),
        result: e.filter((result) => result.kind !== 'if' || hasValue(result)),
      }),
      node<Expression>({ kind: kind('record'), fields: fields(1) }),
    ),
    blank: node<Expression>({ kind: kind('block'), statements: few(tie('statement')) }),
    statement: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'e' },
      node<Statement>({ kind: kind('assign'), pattern, value: e }),
      node<Statement>({
        kind: kind('fn'),
        name: identifier,
        parameters: few(node<Parameter>({ name: identifier, default: maybe(e) })),
        body: e,
      }),
      node<Statement>({
        kind: kind('for'),
        pattern,
        iterable: e,
        body: fc.oneof(tie('valued'), tie('blank')),
      }),
      node<Statement>({
        kind: kind('if-statement'),
        condition: e,
        then: tie('blank'),
        else: maybe(
          fc.oneof(tie('blank'), node<Expression>({ kind: kind('if'), condition: e, then: tie('blank') })),
        ),
      }),
    ),
  }
})

/** Whether the parser takes an `if` at the end of a block for its value. */
function hasValue(e: Expression): boolean {
  if (e.kind === 'block') return e.result !== undefined
  if (e.kind !== 'if') return true
  return hasValue(e.then) || (e.else !== undefined && hasValue(e.else))
}

const expression = syntax.expression

const simpleType: Arbitrary<TypeSyntax> = fc.oneof(
  node<TypeSyntax>({
    kind: kind('named-type'),
    name: fc.oneof(identifier, fc.constant({ text: 'none', span })),
  }),
  node<TypeSyntax>({
    kind: kind('tensor-type'),
    dtype: identifier,
    dims: few(
      fc.oneof(
        node<DimSyntax>({ kind: kind('dim'), value: expression }),
        node<DimSyntax>({ kind: kind('pack'), name: identifier }),
      ),
    ),
  }),
  node<TypeSyntax>({ kind: kind('literal-type'), value: text }),
)
const listType = (item: Arbitrary<TypeSyntax>) => node<TypeSyntax>({ kind: kind('list-type'), item })
const union = (item: Arbitrary<TypeSyntax>) =>
  node<TypeSyntax>({
    kind: kind('union-type'),
    items: fc.array(item, { minLength: 2, maxLength: 3 }),
  })
const type: Arbitrary<TypeSyntax> = fc.oneof(
  simpleType,
  union(simpleType),
  listType(union(simpleType)),
  union(listType(simpleType)),
)

const parameter = node<Parameter>({
  name: identifier,
  type: maybe(type),
  default: maybe(expression),
})

const quoted: Arbitrary<Identifier> = text.map((value) => ({ text: value, span }))
const recordField = node<RecordField>({
  name: identifier,
  type: maybe(type),
  default: maybe(expression),
  keys: maybe(few(quoted, 1)),
})
const keyRule = fc.oneof(
  node<FixedKey>({ kind: kind('fixed'), name: identifier, values: expression }),
  node<IgnoredKeys>({ kind: kind('ignored'), keys: expression }),
)
const override = fc.constantFrom(true, undefined)
const fn = <T>(overrides: Arbitrary<true | undefined>): Arbitrary<T> =>
  node<T>({
    kind: kind('fn'),
    name: identifier,
    parameters: few(parameter),
    result: maybe(type),
    body: expression,
    override: overrides,
  })
const letOf = <T>(overrides: Arbitrary<true | undefined>): Arbitrary<T> =>
  node<T>({ kind: kind('let'), pattern, value: expression, override: overrides })
const never = fc.constant(undefined)

const member: Arbitrary<ModuleMember> = fc.oneof(
  node<ModuleMember>({
    kind: kind('weight'),
    name: identifier,
    type,
    init: expression,
    condition: maybe(expression),
  }),
  node<ModuleMember>({
    kind: kind('field'),
    name: identifier,
    value: expression,
    condition: maybe(expression),
  }),
  fn<ModuleMember>(never),
)

const segment = fc.oneof(
  fc.record({ kind: kind('field'), name: identifier }),
  fc.record({ kind: kind('index'), index: expression }),
  fc.record({ kind: kind('any') }),
  fc.record({ kind: kind('deep') }),
)
const path = node<ParameterPath>({ root: identifier, segments: few(segment) })
const allow = node<Allow>({
  kind: kind('allow'),
  code: quoted,
  reason: quoted,
})
const trainGroup = node<TrainGroup>({
  path,
  except: few(path),
  where: few(
    fc.oneof(
      node<ParameterCondition>({
        kind: kind('rank'),
        operator: fc.constantFrom('==', '!=', '<', '<=', '>', '>='),
        value: expression,
      }),
      node<ParameterCondition>({ kind: kind('kind'), modules: expression }),
    ),
  ),
  settings: few(fc.record({ name: identifier, value: expression })),
})
const clauseName = fc
  .constantFrom('minimize', 'optimizer', 'steps', 'clip_norm')
  .map((word) => ({ text: word, span }))
const metric = node<MetricPath>({ evaluation: identifier, path: few(identifier, 1) })
const clause = fc.oneof(
  node<StageClause>({ kind: kind('train'), groups: few(trainGroup, 1) }),
  node<StageClause>({ kind: kind('freeze'), paths: few(path, 1) }),
  allow,
  node<StageClause>({ kind: kind('monitor'), name: identifier, value: expression, every: maybe(expression) }),
  node<StageClause>({ kind: kind('keep'), last: expression }),
  node<StageClause>({ kind: kind('keep'), best: metric }),
  node<StageClause>({ kind: kind('stop'), metric, stalls: expression }),
  node<StageClause>({
    kind: kind('guard'),
    above: expression,
    steps: expression,
    unit: fc.constantFrom('step' as const, 'steps' as const),
  }),
  node<StageClause>({ kind: kind('clause'), name: clauseName, value: expression }),
)

const dataBlock = {
  fields: few(node<DataField>({ name: identifier, type, value: expression, override })),
  lets: few(node<DataLet>({ name: identifier, value: expression })),
}

const item = fc.oneof(
  node<PipelineItem>({ kind: kind('param'), name: identifier, type, value: expression }),
  node<PipelineItem>({
    kind: kind('param'),
    name: identifier,
    value: expression,
    override: fc.constant(true),
  }),
  node<PipelineItem>({
    kind: kind('data'),
    name: identifier,
    source: expression,
    rows: maybe(expression),
    ...dataBlock,
    override,
  }),
  node<PipelineItem>({
    kind: kind('data'),
    name: identifier,
    rows: maybe(expression),
    ...dataBlock,
    override: fc.constant(true),
  }),
  allow,
  node<PipelineItem>({
    kind: kind('model'),
    name: identifier,
    value: expression,
    as: maybe(identifier),
    override,
  }),
  node<PipelineItem>({
    kind: kind('model'),
    name: identifier,
    value: expression,
    from: expression,
    strip: maybe(text.map((prefix) => ({ text: prefix, span }))),
    ignore: maybe(few(text, 1).map((texts) => texts.map((pattern) => ({ text: pattern, span })))),
    as: maybe(identifier),
    override,
  }),
  letOf<PipelineItem>(override),
  fn<PipelineItem>(override),
  node<PipelineItem>({ kind: kind('loss'), name: identifier, value: expression, override }),
  node<PipelineItem>({
    kind: kind('adapter'),
    name: identifier,
    value: expression,
    from: maybe(expression),
    override,
  }),
  node<PipelineItem>({ kind: kind('stage'), name: identifier, clauses: few(clause), override }),
  node<PipelineItem>({
    kind: kind('evaluate'),
    name: identifier,
    value: expression,
    over: maybe(fc.record({ name: identifier, values: expression })),
    every: maybe(
      node<Cadence>({ count: expression, unit: maybe(fc.constantFrom('epoch' as const, 'epochs' as const)) }),
    ),
    override,
  }),
  node<PipelineItem>({ kind: kind('export'), models: few(identifier, 1) }),
  node<PipelineItem>({
    kind: kind('remove'),
    what: fc.constantFrom('stage', 'let', 'fn').map((word) => ({ text: word, span })),
    name: identifier,
  }),
)

const ablationEntry = fc.oneof(
  node<AblationEntry>({ kind: kind('variant'), name: identifier, change: fc.oneof(identifier, few(item)) }),
  node<AblationEntry>({ kind: kind('vary'), param: identifier, values: expression }),
  node<AblationEntry>({ kind: kind('variant'), name: identifier, of: identifier, change: few(item) }),
  node<AblationEntry>({ kind: kind('seeds'), values: expression }),
  node<AblationEntry>({
    kind: kind('select'),
    param: identifier,
    values: expression,
    by: metric,
    seeds: expression,
  }),
  node<AblationEntry>({ kind: kind('primary'), metrics: fc.array(metric, { minLength: 1, maxLength: 3 }) }),
)

const declaration: Arbitrary<Declaration> = fc.oneof(
  node<Declaration>({
    kind: kind('module'),
    name: identifier,
    parameters: few(parameter),
    members: few(member),
  }),
  node<Declaration>({
    kind: kind('record'),
    name: identifier,
    mirrors: maybe(quoted),
    fields: few(recordField),
    rules: few(keyRule),
  }),
  fn<Declaration>(never),
  letOf<Declaration>(never),
  node<Declaration>({
    kind: kind('pipeline'),
    name: identifier,
    extends: maybe(identifier),
    items: few(item),
  }),
  node<Declaration>({
    kind: kind('ablation'),
    name: identifier,
    of: identifier,
    entries: few(ablationEntry),
  }),
)

const use = fc.oneof(
  node<Use>({
    kind: kind('use'),
    from: fc.constantFrom('std.nn', 'a', 'x.y.record'),
    fromKind: kind('module'),
    names: names(),
  }),
  node<Use>({ kind: kind('use'), from: text, fromKind: kind('file'), names: names() }),
)

function names() {
  return few(fc.record({ name: identifier, alias: maybe(identifier) }).map(tidy))
}

/** Whole programs: the tree of any source, as far as syntax goes. In half of them lists look broken in the source. */
export const program: Arbitrary<SyntaxFile> = fc
  .record({ uses: few(use), declarations: few(declaration), broken: fc.boolean() })
  .map(({ uses, declarations, broken }) => {
    const source = broken ? '\n ' : 'x '
    return { path: span.file, text: source, uses, declarations, comments: [] }
  })
