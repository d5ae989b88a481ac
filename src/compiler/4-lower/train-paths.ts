import { trainedState } from '../../diagnostics/catalogue/state.js'
import { badTrainPath } from '../../diagnostics/catalogue/stage.js'
import { closest, editDistance } from '../../diagnostics/suggest.js'
import type { FlatPipeline } from '../2-resolve/flatten.js'
import type { ParameterPath, PathSegment } from '../1-parse/syntax.js'
import { adapterParameters } from '../3-elaborate/adapter.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import type { Environment } from '../3-elaborate/environment.js'
import type { PlacedWeight } from '../3-elaborate/facts.js'
import { evaluate } from '../3-elaborate/evaluate.js'
import { trainable } from '../3-elaborate/model-tree.js'
import { joinPath, writtenMember, writtenPath } from '../3-elaborate/join-path.js'
import { type Instance, type Val, type Weight, describe } from '../3-elaborate/values.js'

/** The parameters that `clip.vision_model.encoder.layers[2..].*` names; naming none is an error. */
export function selectParameters(
  x: Elaboration,
  path: ParameterPath,
  env: Environment,
  pipeline: FlatPipeline,
  clause: 'train' | 'freeze' = 'train',
): readonly PlacedWeight[] {
  const root = env.get(path.root.text)
  if (root?.kind === 'adapter') {
    const [segment] = path.segments
    if (!segment) return adapterParameters(root.adapter)
    return fail(
      badTrainPath(path.span, {
        message: `an adapter is trained as a whole: write \`train ${root.adapter.name}\``,
      }),
    )
  }
  if (root?.kind === 'instance' && root.copies) return fail(trainedState(path.span, { path: path.root.text }))
  if (root?.kind !== 'instance' || !root.place) {
    const kind = pipeline.items.get(path.root.text)?.item.kind
    const got = kind !== undefined ? `a ${kind}` : root ? describe(root) : 'nothing of that name'
    const models = [...pipeline.items].filter(([, { item }]) => item.kind === 'model').map(([name]) => name)
    return fail(
      badTrainPath(path.root.span, {
        message: `\`${clause}\` wants a model or a part of one, \`${path.root.text}\` is ${got}`,
        help:
          models.length > 0
            ? `the models are ${models.map((name) => `\`${name}\``).join(', ')}`
            : 'declare one: `model name = Linear(4, 2)`',
      }),
    )
  }
  const { model } = root.place
  let values: readonly Val[] = [root]
  // behind `*` and `**` a part that has no such member is none of those that are meant
  let pattern = false
  for (const segment of path.segments.map(named)) {
    values = values.flatMap(
      (v) => (pattern ? match(v, segment) : undefined) ?? step(x, v, segment, path, env),
    )
    pattern ||= segment.kind === 'any' || segment.kind === 'deep'
  }
  const found = new Map<string, Weight>()
  for (const value of values) {
    if (value.kind === 'weight') {
      const at = joinPath(value.instance.place?.path ?? '', value.weight.name)
      if (!value.weight.state) found.set(at, value.weight)
      else if (path.segments.at(-1)?.kind === 'field')
        return fail(trainedState(path.span, { path: `${model}.${at}` }))
    } else for (const { path: at, weight } of trainable(value)) found.set(at, weight)
  }
  if (found.size === 0) {
    const near = nearest(
      path,
      trainable(root).map((p) => p.path),
    )
    return fail(
      badTrainPath(path.span, {
        message: `this names no parameter of \`${model}\``,
        help:
          near.length > 0
            ? `the nearest are ${near.map((at) => `\`${writtenPath(model, at)}\``).join(', ')}`
            : 'it has none that could be trained',
      }),
    )
  }
  return [...found].map(([at, weight]) => ({ model, path: at, weight }))
}

/** A name in quotes and brackets is one that is no identifier. */
function named(segment: PathSegment): PathSegment {
  if (segment.kind !== 'index' || segment.index.kind !== 'string') return segment
  const { value, span } = segment.index
  return { kind: 'field', name: { text: value, span } }
}

/** The parts that a segment names behind a pattern; undefined where `step` says what is wrong. */
function match(value: Val, segment: PathSegment): readonly Val[] | undefined {
  if (segment.kind === 'field') {
    const found =
      value.kind === 'instance' ? members(value).find(([name]) => name === segment.name.text) : undefined
    return found ? [found[1]] : []
  }
  return segment.kind === 'index' && value.kind !== 'list' ? [] : undefined
}

/** A value with all parts of its parts. */
const below = (value: Val): readonly Val[] => [
  value,
  ...(value.kind === 'instance'
    ? members(value).map(([, v]) => v)
    : value.kind === 'list'
      ? value.items
      : []
  ).flatMap(below),
]

/** The paths that are most like what was written, by the names in it. */
function nearest({ segments }: ParameterPath, paths: readonly string[]): readonly string[] {
  const names = segments.map(named).flatMap((s) => (s.kind === 'field' ? [s.name.text] : []))
  const distance = (path: string): number => {
    const parts = path.split('.')
    return names.reduce((sum, name) => sum + Math.min(...parts.map((part) => editDistance(name, part))), 0)
  }
  const ranked = paths.map((path) => ({ path, far: distance(path) })).sort((a, b) => a.far - b.far)
  return ranked.slice(0, 3).map(({ path }) => path)
}

/** A member as it is written, without the dot. */
const shown = (name: string): string => writtenMember(name).replace(/^\./, '')

function step(
  x: Elaboration,
  value: Val,
  segment: PathSegment,
  path: ParameterPath,
  env: Environment,
): readonly Val[] {
  switch (segment.kind) {
    case 'deep':
      return below(value)
    case 'any':
      return value.kind === 'instance'
        ? members(value).map(([, v]) => v)
        : value.kind === 'list'
          ? value.items
          : []
    case 'field': {
      const known = value.kind === 'instance' ? members(value) : []
      const found = known.find(([name]) => name === segment.name.text)
      if (found) return [found[1]]
      const names = known.map(([name]) => name)
      const suggestion = closest(segment.name.text, names)
      const help =
        suggestion === undefined
          ? names.length > 0
            ? `it has ${names.map((n) => `\`${shown(n)}\``).join(', ')}`
            : undefined
          : `did you mean \`${shown(suggestion)}\`?`
      return fail(
        badTrainPath(segment.name.span, {
          message: `${describe(value)} has no parameter or part \`${segment.name.text}\``,
          help,
          // in a path that is written with dots, brackets are no mere other name
          suggestion: suggestion !== undefined && shown(suggestion) === suggestion ? suggestion : undefined,
        }),
      )
    }
    case 'index': {
      if (value.kind !== 'list')
        return fail(
          badTrainPath(path.span, {
            message: `only lists of modules can be indexed, this is ${describe(value)}`,
          }),
        )
      return picked(x, value.items, segment, env)
    }
  }
}

function picked(
  x: Elaboration,
  items: readonly Val[],
  segment: PathSegment & { kind: 'index' },
  env: Environment,
): readonly Val[] {
  const { index } = segment
  const number = (e: typeof index | undefined, otherwise: number): number => {
    if (!e) return otherwise
    const v = evaluate(x, e, env)
    if (v.kind !== 'int')
      return fail(badTrainPath(e.span, { message: `an index is an int, got ${describe(v)}` }))
    return v.value < 0 ? v.value + items.length : v.value
  }
  if (index.kind === 'range') {
    const end = number(index.end, items.length) + (index.inclusive ? 1 : 0)
    const found = items.slice(number(index.start, 0), end)
    if (found.length > 0) return found
    return fail(
      badTrainPath(index.span, { message: `this range is empty: the list has ${items.length} items` }),
    )
  }
  const at = number(index, 0)
  const item = items[at]
  return item
    ? [item]
    : fail(badTrainPath(index.span, { message: `index ${at} is outside of a list of ${items.length}` }))
}

const members = (instance: Instance): readonly (readonly [string, Val])[] => [
  ...[...instance.weights].map(([name, weight]) => [name, { kind: 'weight', instance, weight }] as const),
  ...instance.children,
]
