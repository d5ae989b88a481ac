import { noItems } from '../compiler/check-file.js'
import type { Expression, ParameterPath, SyntaxFile, TrainClause } from '../compiler/1-parse/syntax.js'
import { allClauses } from '../compiler/2-resolve/flat-stage.js'
import { type FlatPipeline, flatten } from '../compiler/2-resolve/flatten.js'
import { loadProgram } from '../compiler/2-resolve/program.js'
import { Environment } from '../compiler/3-elaborate/environment.js'
import { evaluate } from '../compiler/3-elaborate/evaluate.js'
import { parametersOf } from '../compiler/3-elaborate/model-tree.js'
import type { Facts } from '../compiler/3-elaborate/facts.js'
import type { PipelineScope } from '../compiler/3-elaborate/pipeline-scope.js'
import { Scope } from '../compiler/3-elaborate/scope.js'
import { Statics } from '../compiler/3-elaborate/statics.js'
import type { Val } from '../compiler/3-elaborate/values.js'
import { selectParameters } from '../compiler/4-lower/train-paths.js'
import { Diagnostics, UserError } from '../diagnostics/diagnostic.js'
import type { NarrowFloat } from '../graph/types.js'
import type { Workspace } from './workspace.js'

/** How many of a value's parameters a stage trains. */
export interface StageUse {
  readonly stage: string
  readonly trained: number
  readonly of: number
}

/** The values of a pipeline, evaluated when asked for; what is wrong has no value. */
export class Values {
  private readonly statics: Statics
  private readonly scope: PipelineScope
  private readonly facts: Facts
  private asked = 0

  constructor(
    workspace: Workspace,
    private readonly file: string,
    pipeline: string | undefined,
  ) {
    const found = new Diagnostics()
    const program = loadProgram(file, workspace, found)
    const flat = (pipeline === undefined ? undefined : flatten(program, pipeline, found)) ?? noItems(file)
    this.statics = new Statics(flat, new Scope(program), new Map())
    this.scope = this.statics.scope
    for (const { item, file: from } of flat.items.values())
      if (item.kind === 'model') valueOrNothing(() => this.statics.model(item, from))
    this.facts = this.statics.anyFacts
  }

  of(e: Expression): Val | undefined {
    const { elaboration: x } = this.scope
    const environment = new Environment(this.scope.environment(this.file))
    return this.evaluated(() => x.drawPath.root(`asked/${this.asked++}`, () => evaluate(x, e, environment)))
  }

  named(name: string): Val | undefined {
    return this.evaluated(() => this.scope.environment(this.file).get(name))
  }

  private evaluated<T>(run: () => T): T | undefined {
    return valueOrNothing(() => this.scope.elaboration.during(this.facts, run))
  }

  /** For a value with parameters, in which stages they are trained; stages in their order. */
  stages(value: Val): readonly StageUse[] {
    const own = new Set(keysOf(value))
    if (own.size === 0) return []
    return this.statics.pipeline.stages.map((stage) => {
      const trained = allClauses(stage).flatMap(({ clause, file }) =>
        clause.kind === 'train' ? this.trained(clause, file) : [],
      )
      return { stage: stage.name.text, trained: trained.filter((key) => own.has(key)).length, of: own.size }
    })
  }

  /** The type to which `as` rounds the weights of a model or a part of one. */
  roundedTo(value: Val): NarrowFloat | undefined {
    return this.scope.elaboration.narrow.get(placeOf(value))?.type
  }

  get pipeline(): FlatPipeline {
    return this.statics.pipeline
  }

  private trained(clause: TrainClause, file: string): readonly string[] {
    const { elaboration, statics } = this.scope
    return clause.groups.flatMap(
      ({ path }) =>
        valueOrNothing(() =>
          selectParameters(elaboration, path, this.scope.environment(file), statics.pipeline),
        )?.map((p) => `${p.model}.${p.path}`) ?? [],
    )
  }
}

/** The parameters that a value is or holds, as `model.path`. */
function keysOf(value: Val): readonly string[] {
  if (value.kind !== 'tensor') return parametersOf(value).map(({ path }) => `${placeOf(value)}.${path}`)
  const { source } = value.value
  return source.kind === 'parameter' ? [`${source.model}.${source.path}`] : []
}

/** The model that an instance, or the first of a list, is part of. */
function placeOf(value: Val): string {
  if (value.kind === 'instance') return value.place?.model ?? ''
  return value.kind === 'list' ? (value.items.map(placeOf).find((model) => model !== '') ?? '') : ''
}

function valueOrNothing<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

/** The pipeline around a place of a file, or the first one of the file. */
export function pipelineAt(file: SyntaxFile, offset: number): string | undefined {
  const all = file.declarations.filter((d) => d.kind === 'pipeline')
  const around = all.find(({ span }) => span.start <= offset && offset <= span.end)
  return (around ?? all[0])?.name.text
}

type Chain = Expression & { kind: 'name' | 'field' }

/** The name, or the chain of members up to the name, that stands at a place: of `a.b.c`, `a.b` on the b. */
export function chainAt(file: SyntaxFile, offset: number): Chain | undefined {
  let found: Chain | undefined
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) return node.forEach(visit)
    if ('span' in node && !around(node.span, offset)) return
    if (isPath(node)) found = pathChain(node, offset) ?? found
    if (isChain(node) && around(node.kind === 'name' ? node.span : node.name.span, offset)) found = node
    for (const child of Object.values(node)) visit(child)
  }
  visit(file.declarations)
  return found
}

const isPath = (node: object): node is ParameterPath => 'root' in node && 'segments' in node

/** The part of a `train` path up to the name at a place, as an expression. */
function pathChain({ root, segments }: ParameterPath, offset: number): Chain | undefined {
  let e: Expression = { kind: 'name', name: root.text, span: root.span }
  if (around(root.span, offset)) return e
  for (const s of segments) {
    if (s.kind === 'any' || s.kind === 'deep' || (s.kind === 'index' && s.index.kind === 'range'))
      return undefined
    if (s.kind === 'field') {
      e = { kind: 'field', object: e, name: s.name, span: { ...root.span, end: s.name.span.end } }
      if (around(s.name.span, offset)) return e
    } else {
      const { span } = s.index
      e = {
        kind: 'index',
        object: e,
        indices: [{ kind: 'at', value: s.index, span }],
        span: { ...root.span, end: span.end },
      }
    }
  }
  return undefined
}

const isChain = (node: object): node is Chain =>
  'kind' in node && (node.kind === 'name' || (node.kind === 'field' && 'object' in node))

function around(span: unknown, offset: number): boolean {
  const { start, end } = span as { start: number; end: number }
  return start <= offset && offset <= end
}
