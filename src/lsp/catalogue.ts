import { isOfUpdate, valueClauses } from '../compiler/2-resolve/clauses.js'
import { distributionNames } from '../compiler/3-elaborate/draw.js'
import { specialFunctions } from '../compiler/3-elaborate/special.js'
import { operations } from '../sources/operations.js'
import { functions as hostFunctions, sources } from '../sources/registry.js'
import { evaluationKinds } from '../evaluations/registry.js'
import { narrowFloats } from '../graph/types.js'
import { languageFunctions } from '../ops/registry.js'
import { optimizers } from '../optimizers/registry.js'
import { schedules } from '../schedules/registry.js'

/** Something that the language or a plug-in has, under a name that no file declares. */
export interface Entry {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly { readonly name: string; readonly default?: unknown; readonly doc?: string }[]
}

export type Catalogue = ReadonlyMap<string, Entry>

const byName = (entries: readonly Entry[]): Catalogue => new Map(entries.map((e) => [e.name, e]))

/** What can be named anywhere without `use`. */
export const builtinFunctions: Catalogue = byName([
  ...languageFunctions.values(),
  ...specialFunctions.map(({ name, doc, parameters }) => ({
    name,
    doc,
    parameters: parameters.map((parameter) => ({ name: parameter })),
  })),
])

const plain = (names: readonly string[], doc: (name: string) => string): Catalogue =>
  byName(names.map((name) => ({ name, doc: doc(name), parameters: [] })))

/** All clauses of stages and of their updates. */
export const clauses: Catalogue = byName([
  ...Object.entries(valueClauses).map(([name, example]) => ({
    name,
    doc: `For example \`${example}\`.`,
    parameters: [],
  })),
  { name: 'train', doc: 'The parameters that are trained; all others are frozen.', parameters: [] },
  { name: 'freeze', doc: 'Parameters that must stay as they are.', parameters: [] },
  {
    name: 'allow',
    doc: 'A warning that is meant: `allow "stage/coupled-accumulation" "as published"`.',
    parameters: [],
  },
  { name: 'monitor', doc: 'A value that is recorded: `monitor name = value every 10`.', parameters: [] },
  {
    name: 'keep',
    doc: '`keep best(valid.accuracy)`: the stage ends with the values that measured best; `keep last 3`: so many checkpoints stay.',
    parameters: [],
  },
  {
    name: 'stop',
    doc: 'Ends a stage early: `stop when valid.accuracy stalls 5`; or a run that has gone astray: `stop when loss > 1e3 for 10 steps`.',
    parameters: [],
  },
  {
    name: 'update',
    doc: 'One of several that run in turn, a round of them a step: `update critic { times 5; train critic; ... }`.',
    parameters: [],
  },
])

const where = (fits: (name: string) => boolean): Catalogue =>
  new Map([...clauses].filter(([name]) => fits(name)))

/** The clauses of a stage, and those of an update of one. */
export const stageClauses = where((name) => name !== 'times')
export const updateClauses = where(isOfUpdate)

const weightTypes = plain(['f32', ...narrowFloats], (name) =>
  name === 'f32' ? 'Weights as they are.' : `Weights rounded to ${name}.`,
)

/** What rows are taken of: a source, or an operation on other data. */
export const rowPlugins = byName([...operations, ...sources])

/** What a name means where only plug-ins of one kind can stand, by the words before it. */
const places: readonly { readonly before: RegExp; readonly entries: Catalogue }[] = [
  { before: /\boptimizer\s+$/, entries: byName(optimizers) },
  { before: /\bschedule\s+$/, entries: byName(schedules) },
  { before: /\bdata\s+\w+\s*=\s*$/, entries: rowPlugins },
  { before: /\bevaluate\s+\w+\s*=\s*$/, entries: byName(evaluationKinds) },
  { before: /(?:\bmodel\s.*|\)\s+from\s.*|\))\s+as\s+$|\bprecision\s+$/, entries: weightTypes },
  { before: /\bdraw\s+$/, entries: plain(distributionNames, (name) => `The distribution \`${name}\`.`) },
]

/** The plug-ins that can stand behind some text. */
export const pluginsAfter = (before: string): Catalogue | undefined =>
  places.find((place) => place.before.test(before))?.entries

/** What a name means in the head of a `data`, perhaps inside of an operation. */
export const rowEntry = (before: string, name: string): Entry | undefined =>
  /\bdata\s+\w+\s*=[^{]*$/.test(before) ? rowPlugins.get(name) : undefined

/** Functions in the fields of `data`, in case nothing else has the name. */
export const dataFunctions: Catalogue = byName(hostFunctions)

/** An entry as it is called: `adamw(lr, betas = [0.9, 0.999])`. */
export function signatureOf({ name, parameters }: Entry): string {
  if (parameters.length === 0) return name
  const one = (p: Entry['parameters'][number]): string =>
    p.default === undefined
      ? p.name
      : `${p.name} = ${p.default === null ? 'none' : JSON.stringify(p.default).replaceAll(',', ', ')}`
  return `${name}(${parameters.map(one).join(', ')})`
}
