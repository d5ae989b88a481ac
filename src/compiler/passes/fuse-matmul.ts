import type { Builder } from '../../graph/builder.js'
import { type Graph, type Node, type Value, producer } from '../../graph/graph.js'
import { readOnce } from '../../graph/rewrite.js'
import { isFloat, sameShape } from '../../graph/types.js'
import { type Pass, localPass } from './pass.js'
import { given, int, list, madeBy, reshaped, uniform } from './simplify/rule.js'

/** Transposes, scales and additions that the matrix kernels do on the way; `stacks`: those of stacks of matrices, too. */
export const matmulFusion = ({ stacks }: { readonly stacks: boolean }): Pass =>
  localPass(
    {
      name: 'fuse-matmul',
      doc: 'A transposed operand becomes a flag of the product, a constant factor its alpha, an added bias or matrix the third operand of Gemm.',
      requires: ['simplify'],
    },
    (findings, graph) => {
      const own = ownResults(graph)
      return {
        node(node, inputs, { b }) {
          const value = fusions[node.op]?.({ b, node, inputs, stacks, own })
          if (!value) return undefined
          findings.changed++
          return [value]
        },
      }
    },
  )

export const fuseMatmul = matmulFusion({ stacks: true })

interface FuseCall {
  readonly b: Builder
  readonly node: Node
  readonly inputs: readonly (Value | null)[]
  readonly stacks: boolean
  /** Whether a value of the old graph may become one with what a node makes of it. */
  readonly own: (old: Value) => boolean
}

/** Whether one node alone reads a value, and it is no view of what others read too. */
function ownResults(graph: Graph): (value: Value) => boolean {
  const once = readOnce(graph)
  const views = new Set<Value>()
  for (const { op, inputs, outputs } of graph.nodes) {
    if (op !== 'Reshape') continue
    const [operand] = inputs
    if (outputs[0] && operand && !once(operand)) views.add(outputs[0])
  }
  return (value) => once(value) && !views.has(value)
}

/** alpha op(x) op(y) + beta c, however it is written. */
interface Product {
  readonly x: Value
  readonly y: Value
  readonly c: Value | null
  readonly transA: boolean
  readonly transB: boolean
  readonly alpha: number
  readonly beta: number
}

const productOf = (node: Node, inputs: readonly (Value | null)[]): Product => ({
  x: given(inputs, 0),
  y: given(inputs, 1),
  c: inputs[2] ?? null,
  transA: int(node, 'transA') === 1,
  transB: int(node, 'transB') === 1,
  alpha: int(node, 'alpha', 1),
  beta: int(node, 'beta', 1),
})

function build(b: Builder, p: Product, gemm: boolean): Value {
  const flags = { transA: Number(p.transA), transB: Number(p.transB), alpha: p.alpha }
  if (gemm) return b.op('Gemm', [p.x, p.y, p.c], { ...flags, beta: p.beta })
  return p.transA || p.transB || p.alpha !== 1 ? b.op('FusedMatMul', [p.x, p.y], flags) : b.matmul(p.x, p.y)
}

/** Takes transposes and factors of both operands into the product. */
function fuseOperands({ b, node, inputs, stacks }: FuseCall): Value | undefined {
  const gemm = node.op === 'Gemm'
  if (!gemm && !stacks) return undefined
  let p = productOf(node, inputs)
  const before = p
  const x = untransposed(b, p.x)
  if (x) p = { ...p, x, transA: !p.transA }
  const y = untransposed(b, p.y)
  if (y) p = { ...p, y, transB: !p.transB }
  const [sx, sy] = [scaled(p.x), scaled(p.y)]
  if (sx) p = { ...p, x: sx.value, alpha: p.alpha * sx.factor }
  if (sy) p = { ...p, y: sy.value, alpha: p.alpha * sy.factor }
  return p === before ? undefined : build(b, p, gemm)
}

/** What a matrix operand is the transpose of: undone or, for stacks, moved so that the last axis stays in place. */
function untransposed(b: Builder, value: Value): Value | undefined {
  const node = madeBy(value, 'Transpose')
  if (!node) return undefined
  const perm = list(node, 'perm')
  const last = perm.length - 1
  if (perm[last - 1] !== last) return undefined
  return b.transpose(given(node.inputs, 0), [...perm.slice(0, -2), perm[last] ?? 0, last])
}

/** A value that is another one times a constant number. */
function scaled(value: Value): { readonly value: Value; readonly factor: number } | undefined {
  const product = madeBy(value, 'Mul')
  const node = product ?? madeBy(value, 'Div')
  if (!node || !isFloat(value.type.dtype)) return undefined
  const [x, y] = [given(node.inputs, 0), given(node.inputs, 1)]
  const [cx, cy] = [uniform(x), uniform(y)]
  if (cy !== undefined && sameShape(x.type.shape, value.type.shape))
    return { value: x, factor: product ? cy : 1 / cy }
  if (product && cx !== undefined && sameShape(y.type.shape, value.type.shape))
    return { value: y, factor: cx }
  return undefined
}

/** What products take in of their operands, and what is taken into a product that nothing else reads. */
const fusions: Readonly<Record<string, (call: FuseCall) => Value | undefined>> = {
  MatMul: fuseOperands,
  FusedMatMul: fuseOperands,
  Gemm: fuseOperands,
  Mul: fuseFactor,
  Div: fuseFactor,
  Add: fuseAddition,
  // What is left of an addition is a view; views of it are views of the product.
  Reshape: ({ b, node, inputs }) =>
    madeBy(inputs[0], 'Reshape') && reshaped(b, given(inputs, 0), node.outputs[0]?.type.shape ?? []),
}

function fuseFactor({ b, node, inputs, stacks, own }: FuseCall): Value | undefined {
  for (const k of node.op === 'Mul' ? [0, 1] : [0]) {
    const factor = uniform(inputs[1 - k])
    const found =
      factor === undefined ? undefined : productBehind(given(inputs, k), given(node.inputs, k), own)
    if (!found || factor === undefined || found.product.c || !keepsShape(node, given(inputs, k))) continue
    if (!found.gemm && !stacks) continue
    const alpha = found.product.alpha * (node.op === 'Mul' ? factor : 1 / factor)
    return b.reshape(build(b, { ...found.product, alpha }, found.gemm), given(inputs, k).type.shape)
  }
  return undefined
}

function fuseAddition({ b, node, inputs, own }: FuseCall): Value | undefined {
  for (const k of [1, 0]) {
    if (!keepsShape(node, given(inputs, k))) continue
    const found = productBehind(given(inputs, k), given(node.inputs, k), own)
    const fused = found && addInto(b, found, given(inputs, k), given(inputs, 1 - k))
    if (fused) return fused
  }
  return undefined
}

/** The other operand broadcasts to this one. */
const keepsShape = ({ outputs: [out] }: Node, value: Value): boolean =>
  out !== undefined && sameShape(out.type.shape, value.type.shape)

interface Found {
  readonly product: Product
  readonly gemm: boolean
  /** The product's own result; a Reshape may stand between it and the value asked about. */
  readonly result: Value
}

function productBehind(value: Value, old: Value, own: FuseCall['own']): Found | undefined {
  if (!own(old)) return undefined
  const view = madeBy(value, 'Reshape')
  return directProduct(view ? given(view.inputs, 0) : value)
}

function directProduct(result: Value): Found | undefined {
  const node = producer(result)
  if (!node || fusions[node.op] !== fuseOperands) return undefined
  return { product: productOf(node, node.inputs), gemm: node.op === 'Gemm', result }
}

/** The product plus `added`, as Gemm, in the shape of `value`; undefined where Gemm's kernel cannot. */
function addInto(
  b: Builder,
  { product: p, gemm, result }: Found,
  value: Value,
  added: Value,
): Value | undefined {
  if (p.c || (!gemm && (p.x.type.shape.length !== 2 || p.y.type.shape.length !== 2))) return undefined
  const columns = result.type.shape[1] ?? 1
  const shape = added.type.shape
  const isBias =
    columns === value.type.shape.at(-1) &&
    (shape.at(-1) ?? 1) === columns &&
    shape.slice(0, -1).every((d) => d === 1)
  const isMatrix = sameShape(shape, value.type.shape)
  if (!isBias && !isMatrix) return undefined
  const c = reshaped(b, added, isMatrix ? result.type.shape : [columns])
  return b.reshape(build(b, { ...p, c, beta: 1 }, true), value.type.shape)
}
