import type { Builder } from '../graph/builder.js'
import { type Value, constantOf } from '../graph/graph.js'
import { type TensorType, formatType } from '../graph/types.js'
import { TypeMismatch } from '../ops/operator.js'
import { folded } from './fold.js'
import { constantValues } from './constant-values.js'
import type { FileBody, FileNode } from './file-node.js'
import type { FileInput, OnnxModel } from './model.js'
import { OnnxProblem, damaged, unsupported } from './problem.js'
import { rewriteOf } from './rewrites/index.js'
import { RewriteContext } from './rewrites/rewrite.js'
import { operatorAttributes } from './operator-attributes.js'

/**
 * Writes a model's nodes with a builder, for the shapes of these inputs (in the file's order), and gives its outputs in
 * order. What depends on shapes alone becomes constants. Throws OnnxProblem with every node that does not fit.
 */
export function translate(
  model: OnnxModel,
  b: Builder,
  inputs: readonly Value[],
  parameter: (name: string, type: TensorType) => Value,
): readonly Value[] {
  checkInputs(model.inputs, inputs)
  const values = new Map<string, Value>()
  model.inputs.forEach(({ name }, i) => {
    const value = inputs[i]
    if (value) values.set(name, value)
  })
  for (const { name, type } of model.parameters) values.set(name, parameter(name, type))
  for (const [name, t] of model.constants) values.set(name, b.constant(t))

  return bodyOutputs(b, model, values)
}

/** Writes nodes that read named values, and gives their graph's outputs. */
function bodyOutputs(
  b: Builder,
  body: Pick<FileBody, 'nodes' | 'outputs'>,
  values: Map<string, Value>,
): readonly Value[] {
  const problems: string[] = []
  let isMisfit = false
  for (const node of body.nodes) {
    // what follows from a node at fault is no news
    if (node.inputs.some((name) => name !== '' && !values.has(name))) continue
    try {
      const outputs = node.bodies.size > 0 ? branchOutputs(b, node, values) : nodeOutputs(b, node, values)
      node.outputs.forEach((name, i) => {
        const value = outputs[i]
        if (name !== '' && value) values.set(name, value)
      })
    } catch (error) {
      problems.push(`${node.what}: ${reason(error)}`)
      isMisfit ||= !(error instanceof OnnxProblem && error.fault === 'unsupported')
    }
  }
  const missing = body.outputs.filter((name) => !values.has(name))
  if (problems.length === 0 && missing.length > 0) {
    problems.push(`no node gives "${missing.join('", "')}"`)
    isMisfit = true
  }
  // what has no other form here has none for other arguments either
  if (problems.length > 0) throw new OnnxProblem(isMisfit ? 'call' : 'unsupported', problems)
  return body.outputs.map((name) => values.get(name) ?? unsupported(name))
}

/** If, whose condition must follow from shapes and constants: the branch that it takes. */
function branchOutputs(b: Builder, node: FileNode, values: ReadonlyMap<string, Value>): readonly Value[] {
  const condition = constantOf(values.get(node.inputs[0] ?? ''))
  if (condition?.data.length !== 1)
    return unsupported('its condition depends on the values of an argument; it may depend on shapes alone')
  const branch = node.bodies.get(condition.data[0] === 0 ? 'else_branch' : 'then_branch')
  if (!branch) return damaged('it has not two branches')
  const inside = new Map(values)
  for (const [name, t] of branch.constants) inside.set(name, b.constant(t))
  return bodyOutputs(b, branch, inside)
}

function nodeOutputs(b: Builder, node: FileNode, known: ReadonlyMap<string, Value>): readonly Value[] {
  const inputs = node.inputs.map((name) => known.get(name) ?? null)
  const build = (into: Builder): readonly Value[] => {
    const rewrite = rewriteOf(node)
    const values = (t: Parameters<typeof constantValues>[0]) => constantValues(t, noExternal)
    if (rewrite) return rewrite(new RewriteContext(into, node, inputs, values))
    return into.node(node.op, inputs, operatorAttributes(node))
  }
  const constant = inputs.every((v) => v === null || constantOf(v) !== undefined)
  return (constant ? folded(b, build) : undefined) ?? build(b)
}

const noExternal = (location: string): never => unsupported(`a constant lies in another file, "${location}"`)

/** Type rules are written for our own nodes and throw other errors where one of a file leaves out what they need. */
function reason(error: unknown): string {
  if (error instanceof OnnxProblem || error instanceof TypeMismatch) return error.message
  if (error instanceof Error) return `it does not fit its operator (${error.message})`
  throw error
}

/** Element types and sizes as the file declares them; a named size is the same wherever it stands. */
function checkInputs(declared: readonly FileInput[], inputs: readonly Value[]): void {
  const sizes = new Map<string, number>()
  const problems = declared.flatMap(({ name, dtype, shape }, i) => {
    const type = inputs[i]?.type
    const wanted = `${dtype}${shape ? `[${shape.map((d) => d ?? '?').join(', ')}]` : ''}`
    const fits =
      type?.dtype === dtype &&
      (!shape || shape.length === type.shape.length) &&
      (shape ?? []).every((dim, axis) => {
        const size = type.shape[axis] ?? 0
        if (typeof dim !== 'string') return dim === null || dim === size
        const bound = sizes.get(dim) ?? size
        sizes.set(dim, bound)
        return bound === size
      })
    return fits ? [] : [`its input "${name}" is ${wanted}, not ${type ? formatType(type) : 'given'}`]
  })
  if (problems.length > 0) throw new OnnxProblem('call', problems, casts(declared, inputs))
}

/** What to write where arguments differ in nothing but their element types. */
function casts(declared: readonly FileInput[], inputs: readonly Value[]): string | undefined {
  const other = declared.filter(({ dtype, shape }, i) => {
    const type = inputs[i]?.type
    return type && type.dtype !== dtype && (!shape || shape.length === type.shape.length)
  })
  const [first] = other
  if (!first) return undefined
  const shown = other.map(({ name, dtype }) => `${JSON.stringify(name)} as \`cast(..., ${dtype})\``)
  return `give ${shown.join(', ')}: an imported model takes the element types of its file`
}
