import { repeatedNext } from '../../diagnostics/catalogue/state.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { type Graph, type Node, type Output, type Value, producer } from '../../graph/graph.js'
import { partOf } from '../../graph/builder.js'
import { findNodes, needed, operands, rewrite, visitNodes } from '../../graph/rewrite.js'
import { objectiveOf } from '../../graph/roles.js'
import type { DType } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { fail } from '../3-elaborate/fail.js'
import type { NextValue, PipelineScope } from '../3-elaborate/pipeline-scope.js'

/** A state that a stage carries from step to step. */
export interface CarriedState {
  readonly model: string
  readonly path: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/**
 * The next values of the pipeline's states that an objective needs, as outputs `next/<model>/<path>`, or `after/...` of
 * those that read what the optimizer makes of the parameters: of the states that it reads, and of those that their next
 * values read.
 */
export function nextOutputs(scope: PipelineScope, objective: readonly Output[]): readonly Output[] {
  const { nexts } = scope.statics.pipeline
  if (nexts.size === 0) return []
  const run = new Map<string, NextValue>()
  const outputs: Output[] = []
  for (;;) {
    const read = new Set<string>()
    for (const { source } of needed([...objective, ...outputs].map((o) => o.value)))
      if (source.kind === 'parameter' && nexts.has(source.model) && !run.has(source.model))
        read.add(source.model)
    if (read.size === 0) return outputs
    for (const model of [...nexts.keys()].filter((name) => read.has(name))) {
      const next = scope.next(model)
      if (!next) throw new Error(`${model} has no next value`)
      run.set(model, next)
      for (const { path, value } of next.values)
        outputs.push(nextOutput(value, { model, path }, next.afterUpdate))
    }
  }
}

function nextOutput(
  value: Value,
  { model, path }: { readonly model: string; readonly path: string },
  afterUpdate = false,
): Output {
  const name = `${afterUpdate ? 'after' : 'next'}/${model}/${path}`
  return { name, value, role: { kind: 'next', model, path, afterUpdate } }
}

/** The states that a graph's outputs give next values. */
export function carriedStates({ outputs }: Graph): readonly CarriedState[] {
  const states = new Map<string, CarriedState>()
  for (const { role, value } of outputs) {
    if (role?.kind !== 'next') continue
    const { model, path } = role
    states.set(`${model}/${path}`, { model, path, dtype: value.type.dtype, shape: value.type.shape })
  }
  return [...states.values()]
}

const isMarker = ({ op }: Node): boolean => operator(op).ofState === true

/** One call that gives a state its next value. */
interface NextCall {
  readonly number: number
  readonly order: number
  readonly value: Value
}

/**
 * The graph in which calls that hold state follow each other: in the order of the declarations that make them, then as
 * they were evaluated, and never before a call whose result they need. The calls that the objective needs run; what they
 * leave of each state becomes an output `next/<model>/<path>`. All other calls find the states as the step does.
 */
export function chainCalls(graph: Graph, objective: readonly Output[] = objectiveOf(graph)): Graph {
  const marked = findNodes(graph, isMarker)
  if (marked.length === 0) return graph
  const reached = needed(objective.map(({ value }) => value))
  const chains = chainsOf(marked.filter(({ outputs: [v] }) => v && reached.has(v)))
  const found = new Map<Value, Value>()
  for (const node of marked) {
    const [leaf] = node.inputs
    const [value] = node.outputs
    if (node.op !== 'StateValue' || !leaf || !value) continue
    found.set(value, (reached.has(value) && before(node, leaf, chains)) || leaf)
  }
  const given = new Set(graph.outputs.map(({ name }) => name))
  const nexts = [...chains].flatMap(([, { model, path, calls }]) => {
    const last = calls.at(-1)
    const output = last && nextOutput(last.value, { model, path })
    return output && !given.has(output.name) ? [output] : []
  })
  return rewrite(inOrder(graph, found), {
    afresh: true,
    outputs: [...graph.outputs, ...nexts],
    node(node, inputs, copier) {
      if (node.op === 'NextState') return inputs.slice(0, 1)
      const [value] = node.outputs
      const state = value && found.get(value)
      return state && [copier.value(state)]
    },
  })
}

/** With `accumulate n exact` each call is made twice, so none may give a state its next value. */
export function refuseCalls(graph: Graph, objective: Span): void {
  const reached = needed(objectiveOf(graph).map(({ value }) => value))
  const node = findNodes(graph, isMarker).find(
    ({ op, outputs: [v] }) => op === 'NextState' && v && reached.has(v),
  )
  if (!node) return
  const { model, path } = node.attributes as { readonly model: string; readonly path: string }
  const state = path.split('.').at(-1) ?? path
  fail(
    repeatedNext(objective, {
      state,
      module: path === state ? model : `${model}.${path.slice(0, -state.length - 1)}`,
      repeats: '`accumulate n exact`',
      call: node.span ?? objective,
    }),
  )
}

/** The graph of what runs no `next`: each call finds the states as they are. */
export const withoutNexts = (graph: Graph): Graph => chainCalls(graph, [])

const numberOf = ({ attributes }: Node, name: 'call' | 'order'): number => Number(attributes[name])

/** The calls that give a state next values, in their order. */
interface Chain {
  readonly model: string
  readonly path: string
  readonly calls: readonly NextCall[]
}

/** The chains of states, by `<model>/<path>`. */
function chainsOf(reached: readonly Node[]): ReadonlyMap<string, Chain> {
  const found = new Map<string, { model: string; path: string; calls: Map<number, NextCall> }>()
  for (const node of reached) {
    const [, value] = node.inputs
    if (node.op !== 'NextState' || !value) continue
    const { model, path } = node.attributes as { readonly model: string; readonly path: string }
    const chain = found.get(`${model}/${path}`) ?? { model, path, calls: new Map<number, NextCall>() }
    found.set(`${model}/${path}`, chain)
    const number = numberOf(node, 'call')
    chain.calls.set(number, { number, order: numberOf(node, 'order'), value })
  }
  return new Map(
    [...found].map(([key, { calls, ...state }]) => [key, { ...state, calls: sorted([...calls.values()]) }]),
  )
}

/** By order, but behind the calls on whose results a call depends: those were evaluated before it. */
function sorted(calls: readonly NextCall[]): readonly NextCall[] {
  const left = [...calls].sort((a, b) => a.order - b.order || a.number - b.number)
  const done: NextCall[] = []
  while (left.length > 0) {
    const k = left.findIndex((call) =>
      left.every((other) => other.number >= call.number || !needs(call, other)),
    )
    done.push(...left.splice(k, 1))
  }
  return done
}

/** Whether a next value is computed from what another call gave. */
const needs = ({ value }: NextCall, { number }: NextCall): boolean =>
  [...needed([value])].some((v) => {
    const node = producer(v)
    return node?.op === 'NextState' && numberOf(node, 'call') === number
  })

/** What the calls before the one of a StateValue have left of the state; undefined: nothing. */
function before(node: Node, leaf: Value, chains: ReadonlyMap<string, Chain>): Value | undefined {
  const { source } = leaf
  if (source.kind !== 'parameter') throw new Error('a state is a parameter')
  const chain = chains.get(`${source.model}/${source.path}`)?.calls ?? []
  const call = numberOf(node, 'call')
  const own = chain.findIndex(({ number }) => number === call)
  if (own >= 0) return chain[own - 1]?.value
  // a call that only reads: behind those that stand before it and do not need it
  const [result] = node.outputs
  const earlier = chain.filter(
    ({ order, number, value }) =>
      (order - numberOf(node, 'order') || number - call) < 0 &&
      !(number > call && result && needed([value]).has(result)),
  )
  return earlier.at(-1)?.value
}

/** The graph with its nodes in an order in which the values that stand for states come before their readers. */
function inOrder(graph: Graph, stands: ReadonlyMap<Value, Value>): Graph {
  const place = new Map(graph.nodes.map((node, k) => [node, k]))
  const after = (node: Node): readonly Node[] => {
    const states: Value[] = []
    const read = ({ outputs: [v] }: Node): void => {
      const state = v && stands.get(v)
      if (state) states.push(state)
    }
    visitNodes({ ...graph, nodes: [node] }, read)
    return states.flatMap((v) => producer(v) ?? [])
  }
  const sources = new Map(graph.nodes.map((node) => [node, after(node)]))
  const isSorted = [...sources].every(([node, needs]) =>
    needs.every((n) => (place.get(n) ?? -1) < (place.get(node) ?? 0)),
  )
  if (isSorted) return graph
  const done = new Set<Node>()
  const nodes: Node[] = []
  for (const root of graph.nodes) {
    const open = [root]
    for (let node = open.at(-1); node; node = open.at(-1)) {
      const waiting = [
        ...operands(node).flatMap((v) => producer(v) ?? []),
        ...(sources.get(node) ?? []),
      ].filter((n) => place.has(n) && !done.has(n))
      if (waiting.length > 0 && !done.has(node)) open.push(...waiting)
      else {
        open.pop()
        if (!done.has(node)) nodes.push(node)
        done.add(node)
      }
    }
  }
  return partOf({ ...graph, nodes }, graph)
}
