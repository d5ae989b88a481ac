import {
  damagedModel,
  misfitModel,
  noModelFile,
  outsideModel,
  partModel,
  unsupportedModel,
} from '../../diagnostics/catalogue/onnx.js'
import { unnamedWeights } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import { type DType, type TensorType, scalar } from '../../graph/types.js'
import { type OnnxFault, type OnnxModel, OnnxProblem, checkSupported, translate } from '../../onnx/index.js'
import { type BinaryFiles, type OnnxWeight, type OpenedModel, openModel } from '../../onnx/open.js'
import { wrongValue } from './advice.js'
import { pathOf } from './path-of.js'
import { type Given, type GivenArguments, bindArguments, missingArgument } from './arguments.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { type Instance, type Val, type Weight, list, none, record, tensorVal } from './values.js'

const kinds: Readonly<Record<OnnxFault, typeof damagedModel>> = {
  damaged: damagedModel,
  unsupported: unsupportedModel,
  external: outsideModel,
  call: misfitModel,
}

/** `onnx("encoder.onnx")`: a model whose function and parameters are those of a file. */
export function onnxModel(files: BinaryFiles | undefined, { value, span }: Given): Instance {
  if (value.kind !== 'string')
    return fail(wrongValue(span, value, { wanted: 'a path in quotes', where: '`onnx`' }))
  const path = pathOf(value)
  const opened = told(path, span, () => files && openModel(path, files, checkSupported))
  if (!opened) return fail(noModelFile(span, { path }))
  const root = instanceTree(path, opened.weights, span)
  root.environment.set('forward', {
    kind: 'special',
    definition: {
      name: path,
      doc: 'The function of an imported model.',
      parameters: opened.model.inputs.map((input) => input.name),
      call: (x, given) => callModel(x, root, path, opened, given),
    },
  })
  return root
}

/** An imported model below the root of a model has no place of its own for its weights. */
export function checkWhole(value: Val, span: Span): void {
  const walk = (v: Val, below: boolean): void => {
    if (v.kind === 'list') v.items.forEach((item) => walk(item, below))
    if (v.kind !== 'instance') return
    if (v.weightFile !== undefined && below) fail(partModel(span, {}))
    if (v.weightFile === undefined) for (const child of v.children.values()) walk(child, true)
  }
  walk(value, false)
}

function told<T>(path: string, span: Span, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof OnnxProblem) {
      const { fault, lines, help } = error
      return fail(kinds[fault](span, { path, lines, help }))
    }
    throw error
  }
}

function callModel(
  x: Elaboration,
  root: Instance,
  path: string,
  { model }: OpenedModel,
  given: GivenArguments,
): Val {
  const names = model.inputs.map((input) => input.name)
  const shown = root.declaration.name.text
  const bound = bindArguments(x, shown, names, given.list)
  const inputs = x.mistakes.each(model.inputs, ({ name, dtype }) =>
    argument(x, bound.get(name) ?? missingArgument(shown, name, names, given.span), name, dtype),
  )
  const { place } = root
  if (!place) return fail(unnamedWeights(given.span, { module: 'onnx' }))
  const weights = weightsByPath(root)
  const outputs = told(path, given.span, () =>
    x.build(given.span, (b) =>
      translate(model, b, inputs, (name, { dtype }) => {
        const weight = weights.get(name)
        if (!weight) throw new Error(`no parameter ${name}`)
        return b.cast(x.read(place.model, name, weight), dtype)
      }),
    ),
  )
  return result(model, outputs)
}

/** One tensor, or a record of several by name. */
function result(model: OnnxModel, outputs: readonly Value[]): Val {
  const [only, ...others] = outputs
  if (only && others.length === 0) return tensorVal(only)
  return record(new Map(outputs.map((value, k) => [model.outputs[k] ?? '', tensorVal(value)])))
}

function argument(x: Elaboration, { value, span }: Given, name: string, dtype: DType): Value {
  if (value.kind === 'tensor') return value.value
  if (value.kind === 'int' || value.kind === 'float') return x.b.constant(scalar(value.value, dtype))
  return fail(wrongValue(span, value, { wanted: 'a tensor', where: `\`${name}\` of the imported model` }))
}

/** The parameters below an instance by their full path. */
function weightsByPath(root: Instance): ReadonlyMap<string, Weight> {
  const found = new Map<string, Weight>()
  const walk = (v: Val, prefix: string): void => {
    if (v.kind === 'list') v.items.forEach((item, k) => walk(item, `${prefix}${k}.`))
    else if (v.kind === 'instance') {
      for (const [name, weight] of v.weights) found.set(prefix + name, weight)
      for (const [name, child] of v.children) walk(child, `${prefix}${name}.`)
    }
  }
  walk(root, '')
  return found
}

interface Branch {
  readonly weights: Map<string, OnnxWeight>
  readonly children: Map<string, Branch>
}

/** Deeper names, and names with empty parts, stay whole. */
const mostLevels = 16
/** The largest index that a name may have to make a list with holes. */
const mostItems = 1024

/** The tree that the dots of the names make: `blocks.3.fc1.weight` is a parameter of a part of a list. */
function instanceTree(path: string, weights: readonly OnnxWeight[], span: Span): Instance {
  const branch = (): Branch => ({ weights: new Map(), children: new Map() })
  const root = branch()
  for (const weight of weights) {
    const split = weight.name.split('.')
    const parts = split.length <= mostLevels && !split.includes('') ? split : [weight.name]
    const name = parts.pop() ?? weight.name
    let at = root
    for (const part of parts) {
      const next = at.children.get(part) ?? branch()
      at.children.set(part, next)
      at = next
    }
    at.weights.set(name, weight)
  }
  const instance = instanceOf(root, path.slice(path.lastIndexOf('/') + 1), span)
  return Object.assign(instance, { weightFile: path })
}

/** All weights are held in f32, as those of other files are and as they are trained; the graph casts them to their own type. */
const held = ({ shape }: TensorType): TensorType => ({ dtype: 'f32', shape })

function instanceOf({ weights, children }: Branch, name: string, span: Span): Instance {
  const environment = new Environment()
  const instance: Instance = {
    kind: 'instance',
    declaration: { kind: 'module', name: { text: name, span }, parameters: [], members: [], span },
    environment,
    weights: new Map(
      [...weights].map(([key, { type, readers, idle }]) => [
        key,
        {
          name: key,
          type: held(type),
          init: { kind: 'constant', value: 0 },
          span,
          origins: [],
          ...(readers.length > 1 && { readers }),
          ...(idle && { idle }),
        },
      ]),
    ),
    children: new Map([...children].map(([key, child]) => [key, partOf(child, key, span)])),
    depth: 0,
    place: undefined,
  }
  for (const [key, child] of instance.children) environment.set(key, child)
  for (const [key, weight] of instance.weights) environment.set(key, { kind: 'weight', instance, weight })
  return instance
}

/** A part all of whose members are numbers is a list, with holes where a number is missing. */
function partOf(branch: Branch, name: string, span: Span): Val {
  const keys = [...branch.children.keys()]
  const numbered =
    branch.weights.size === 0 && keys.every((k) => /^(0|[1-9]\d*)$/.test(k) && Number(k) < mostItems)
  if (!numbered) return instanceOf(branch, name, span)
  const items = Array.from({ length: Math.max(...keys.map(Number)) + 1 }, (_, k): Val => {
    const child = branch.children.get(String(k))
    return child ? partOf(child, `${name}.${k}`, span) : none
  })
  return list(items)
}
