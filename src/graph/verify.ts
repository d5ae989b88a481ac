import { findOperator } from '../ops/registry.js'
import { type Graph, type Node, type Value } from './graph.js'
import { elementCount, formatType, sameShape } from './types.js'

/** One violation of the IR's rules. */
export interface Problem {
  /** Where: graph names from the outside in, then the node. */
  readonly at: string
  readonly message: string
}

/** Everything that is wrong with a graph, nested graphs included; a legal graph has no problems. */
export function verify(graph: Graph): readonly Problem[] {
  const problems: Problem[] = []
  verifyGraph(graph, new Set(), new Set(), graph.name, problems)
  return problems
}

/** Throws at an illegal graph, of which it tells where it came from: our bug, so a plain error. */
export function assertValid(graph: Graph, from?: string): void {
  const problems = verify(graph)
  if (problems.length > 0) {
    const head = from === undefined ? 'illegal graph' : `illegal graph ${from}`
    throw new Error(`${head}\n${problems.map((p) => `  ${p.at}: ${p.message}`).join('\n')}`)
  }
}

const isWanted = typeof process !== 'undefined' && process.env['DCRC_VERIFY'] === '1'

/** The graph, which with `DCRC_VERIFY=1` in the environment is verified first; all tests run with it. */
export function verified(graph: Graph, from: string): Graph {
  if (isWanted) assertValid(graph, from)
  return graph
}

function verifyGraph(
  graph: Graph,
  outer: ReadonlySet<Value>,
  nodes: Set<Node>,
  at: string,
  problems: Problem[],
): void {
  const scope = new Set(outer)
  const complain = (where: string, message: string): void => void problems.push({ at: where, message })

  const names = new Set<string>()
  for (const input of graph.inputs) {
    if (input.source.kind !== 'input')
      complain(at, `an input of the graph has the source kind ${input.source.kind}`)
    else if (names.has(input.source.name)) complain(at, `two inputs are named ${input.source.name}`)
    else names.add(input.source.name)
    if (scope.has(input)) complain(at, 'an input stands in the graph twice')
    checkType(input, at, complain)
    scope.add(input)
  }

  graph.nodes.forEach((node, position) => {
    const where = `${at} node ${position} (${node.op})`
    if (nodes.has(node)) complain(where, 'the node stands in the graph twice')
    nodes.add(node)
    node.inputs.forEach((input, i) => {
      if (input) checkRead(input, scope, where, `input ${i}`, complain)
    })
    for (const body of node.bodies) verifyGraph(body.graph, scope, nodes, `${where}.${body.name}`, problems)
    node.outputs.forEach((output, i) => {
      const { source } = output
      if (source.kind !== 'node' || source.node !== node || source.output !== i) {
        complain(where, `output ${i} does not name this node as its source`)
      }
      if (scope.has(output)) complain(where, `output ${i} is defined twice`)
      checkType(output, where, complain)
      scope.add(output)
    })
    checkTypes(node, where, complain)
  })

  const outputs = new Set<string>()
  for (const { name, value } of graph.outputs) {
    if (name === '') complain(at, 'an output has an empty name')
    if (outputs.has(name)) complain(at, `two outputs are named ${name}`)
    outputs.add(name)
    checkRead(value, scope, at, `output ${name}`, complain)
  }
}

type Complain = (where: string, message: string) => void

function checkRead(
  value: Value,
  scope: ReadonlySet<Value>,
  where: string,
  what: string,
  complain: Complain,
): void {
  switch (value.source.kind) {
    case 'parameter':
      checkType(value, where, complain)
      return
    case 'constant': {
      const { tensor } = value.source
      checkType(value, where, complain)
      if (tensor.dtype !== value.type.dtype || !sameShape(tensor.shape, value.type.shape)) {
        complain(where, `${what}: the constant's type is not its tensor's`)
      }
      if (tensor.data.length !== elementCount(tensor.shape))
        complain(where, `${what}: the constant's data do not fill its shape`)
      return
    }
    case 'input':
      if (!scope.has(value)) complain(where, `${what} reads the input ${value.source.name} of another graph`)
      return
    case 'node':
      if (!scope.has(value))
        complain(where, `${what} reads a value of ${value.source.node.op} that is not defined before`)
  }
}

function checkType({ type }: Value, where: string, complain: Complain): void {
  if (!type.shape.every((d) => Number.isSafeInteger(d) && d >= 0))
    complain(where, `${formatType(type)} is no shape`)
}

/** The outputs' types are what the operator's rule says. */
function checkTypes(node: Node, where: string, complain: Complain): void {
  const definition = findOperator(node.op)
  if (!definition) {
    complain(where, 'no such operator')
    return
  }
  for (const name of Object.keys(definition.attributes ?? {})) {
    if (!(name in node.attributes)) complain(where, `the attribute ${name} is missing`)
  }
  try {
    const types = definition.infer(node.inputs, node.attributes)
    if (types.length !== node.outputs.length)
      complain(where, `${node.outputs.length} outputs, the operator has ${types.length}`)
    node.outputs.forEach(({ type }, i) => {
      const expected = types[i]
      if (expected && (expected.dtype !== type.dtype || !sameShape(expected.shape, type.shape))) {
        complain(where, `output ${i} is ${formatType(type)}, the operator gives ${formatType(expected)}`)
      }
    })
  } catch (error) {
    complain(
      where,
      `the operator's type rule fails: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
