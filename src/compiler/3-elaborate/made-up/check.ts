import { type Diagnostic, type Diagnostics, type Span, UserError } from '../../../diagnostics/diagnostic.js'
import { patternNames } from '../../1-parse/pattern-names.js'
import type { LetDeclaration } from '../../1-parse/syntax.js'
import { type Program, isLibrary } from '../../2-resolve/program.js'
import { Budget } from '../budget.js'
import type { CheckedPipeline } from '../check.js'
import { Elaboration } from '../elaboration.js'
import { Environment } from '../environment.js'
import { Limit } from '../fail.js'
import { forms } from '../expressions.js'
import { instanceOf } from '../instantiate.js'
import { Mistakes } from '../mistakes.js'
import { place } from '../model-tree.js'
import { Scope } from '../scope.js'
import type { Statics } from '../statics.js'
import { TextUses } from '../text-uses.js'
import { isCertain, isOfSizes } from './certain.js'
import { looked, lookAtFunction } from './function.js'
import { giveAll } from './give.js'
import { MadeUp, type Sizes } from './made-up.js'
import { pipelineParts } from './pipeline-parts.js'
import { type Callable, unreached } from './unreached.js'

/**
 * Sets of sizes, unrelated to each other. In the last three each of the first ints is small once, as an axis, an index
 * or the size of a kernel is.
 */
const sets: readonly Sizes[] = [
  { ints: [96, 48, 24, 12, 6, 30, 42], dims: [64, 128, 160, 320, 448, 704], pack: 2 },
  { ints: [108, 36, 12, 4, 60, 20, 28], dims: [224, 96, 288, 480, 32, 416], pack: 1 },
  { ints: [1, 2, 3, 4, 5, 6, 7], dims: [192, 352, 64, 544, 128, 608], pack: 3 },
  { ints: [4, 1, 2, 3, 6, 5, 8], dims: [96, 256, 416, 32, 736, 160], pack: 2 },
  { ints: [3, 4, 1, 2, 7, 8, 5], dims: [128, 64, 384, 224, 928, 544], pack: 2 },
]

/** More work than this is not done for a declaration that nothing calls. */
const mostWork = 60_000

/**
 * Evaluates functions, modules and records that nothing calls, and arms that nothing takes, on made-up arguments. What is
 * wrong is told where it shows with every set of sizes. Values of the files that nothing reads are evaluated as they are.
 * A part counts as reached if one of the pipelines that `ran` did.
 */
export function checkUnreached(
  program: Program,
  ran: readonly CheckedPipeline[],
  diagnostics: Diagnostics,
): void {
  const scopes = ran.map(({ statics }) => statics.files)
  const scope = scopes[0] ?? new Scope(program)
  const reached = new Set(scopes.flatMap((s) => [...s.reached]))
  const told = new Set(diagnostics.all.map(({ span }) => placeOf(span)))
  const tell = (
    within: Span,
    unreached: readonly Span[],
    look: Look,
    rest: { statics?: Statics; why?: string } = {},
  ): void => {
    if (unreached.length === 0) return
    for (const d of everywhere((sizes) => complaints(program, within, sizes, look, rest.statics)))
      if (!told.has(placeOf(d.span)) && unreached.some((part) => contains(part, d.span)))
        diagnostics.add(withReason(d, rest.why))
  }
  let withinLimits = true
  for (const [path, { declarations }] of program.files) {
    if (isLibrary(path) && path !== program.entry) continue
    for (const declaration of declarations) {
      if (declaration.kind === 'let' && withinLimits) withinLimits = readAll(scope, declaration, diagnostics)
      if (declaration.kind === 'fn' || declaration.kind === 'module' || declaration.kind === 'record')
        tell(declaration.span, unreached(declaration, reached), (x) =>
          lookAt(x, declaration, scope.file(path)),
        )
    }
  }
  for (const part of pipelineParts(ran)) tell(part.span, part.unreached(reached), part.look, part)
  for (const d of scope.mistakes.told.all) diagnostics.add(d)
}

/** With what explains why a user reads it; of what shows whatever the sizes are, nothing. */
function withReason(d: Diagnostic, why = 'nothing gets here yet: the sizes are made up'): Diagnostic {
  return isOfSizes(d) ? { ...d, why: d.why ?? why } : d
}

/** Whether no limit of the compiler ends it, which would be reached again and again. */
function readAll(scope: Scope, { pattern, span }: LetDeclaration, diagnostics: Diagnostics): boolean {
  try {
    for (const { text } of patternNames(pattern)) scope.file(span.file).get(text)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    diagnostics.add(error.diagnostic)
    return !(error instanceof Limit)
  }
  return true
}

/** Evaluates something on made-up values. */
type Look = (x: Elaboration) => void

/** The complaints that show with all sets of sizes, as the first shows them. */
function everywhere(complaintsWith: (sizes: Sizes) => readonly Diagnostic[]): readonly Diagnostic[] {
  const [first, ...others] = sets
  if (!first) return []
  let common = complaintsWith(first)
  for (const sizes of others) {
    if (common.length === 0) return common
    const found = complaintsWith(sizes)
    common = common.filter((d) => shows(d, found))
  }
  const remains = (d: Diagnostic, size: number): boolean => {
    const found = complaintsWith({ ...first, dims: [size], step: 0 })
    return shows(
      d,
      found.filter((other) => aboutOf(other) === aboutOf(d)),
    )
  }
  return common.filter((d) => namedSizes(d).every((size) => remains(d, size)))
}

/** What a message says besides sizes: which axis it is about. */
const aboutOf = ({ message }: Diagnostic): string => message.replace(/(axis -?\d+)|\d+/g, '$1')

const shows = (d: Diagnostic, found: readonly Diagnostic[]): boolean =>
  found.some((other) => d.code === other.code && placeOf(d.span) === placeOf(other.span))

/**
 * The sizes that a complaint about sizes is about. The type of a parameter may leave open that only one size is right:
 * what is not wrong where all that it leaves open have that size is no mistake.
 */
const namedSizes = (d: Diagnostic): readonly number[] =>
  isOfSizes(d)
    ? [...new Set(d.message.match(/\d+/g) ?? [])].map(Number).filter((n) => 1 < n && n < 10_000)
    : []

function complaints(
  program: Program,
  within: Span,
  sizes: Sizes,
  look: Look,
  statics?: Statics,
): readonly Diagnostic[] {
  const madeUp = new MadeUp(within, sizes)
  const notes = {
    budget: new Budget(mostWork),
    texts: new TextUses(),
    mistakes: new Mistakes((d) => isCertain(d, madeUp)),
    reached: new Set<object>(),
  }
  const { data, adapted } = statics ?? { data: new Map(), adapted: new Map() }
  look(new Elaboration(forms, data, adapted, notes, program.binary, madeUp))
  return notes.mistakes.told.all
}

function lookAt(x: Elaboration, declaration: Callable, environment: Environment): void {
  if (declaration.kind === 'fn') return lookAtFunction(x, { kind: 'fn', declaration, environment })
  if (declaration.kind === 'record') return giveAll(x, declaration.fields, new Environment(environment))
  looked(x, () => {
    const inner = new Environment(environment, undefined, true)
    giveAll(x, declaration.parameters, inner)
    const instance = instanceOf(x, declaration, inner, declaration.name.span)
    place(instance, declaration.name.text, '')
    for (const member of declaration.members)
      if (member.kind === 'fn')
        lookAtFunction(x, { kind: 'fn', declaration: member, environment: inner, of: instance })
  })
}

const placeOf = ({ file, start }: Span): string => `${file}:${start}`

const contains = (outer: Span, inner: Span): boolean =>
  outer.file === inner.file && outer.start <= inner.start && inner.end <= outer.end
