import { inexactDivision, notFinite, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Diagnostic } from '../../diagnostics/diagnostic.js'
import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import { isFloat } from '../../graph/types.js'
import { languageFunctions } from '../../ops/registry.js'
import { Arguments } from '../../ops/language.js'
import type { BinaryOperator, Expression } from '../1-parse/syntax.js'
import { wrongValue } from './advice.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { gradientBinary, negated } from './gradient-value.js'
import { isModel, modelBinary } from './model-sum.js'
import { sizeOrigins } from './size-origins.js'
import { isComparison } from './text-uses.js'
import { type Val, bool, describe, float, int, list, staticEqual, tensorVal } from './values.js'

type Binary = Expression & { kind: 'binary' }

export function unary(x: Elaboration, e: Expression & { kind: 'unary' }, v: Val): Val {
  if (e.operator === '-') {
    if (v.kind === 'int') return int(-v.value)
    if (v.kind === 'float') return float(-v.value)
    if (v.kind === 'tensor') return tensorVal(x.build(e.span, (b) => b.neg(v.value)))
    if (v.kind === 'gradient') return negated(x, v, e.span)
    return fail(wrongType(e.operand.span, { wanted: 'a number or a tensor', got: describe(v) }))
  }
  if (v.kind === 'bool') return bool(!v.value)
  if (v.kind === 'tensor') return tensorVal(x.build(e.span, (b) => b.op('Not', [v.value])))
  return fail(wrongType(e.operand.span, { wanted: 'true, false or a bool tensor', got: describe(v) }))
}

export function binary(x: Elaboration, e: Binary, env: Environment): Val {
  const isGuard = e.operator === 'and' || e.operator === 'or'
  const left = isGuard ? evaluate(x, e.left, env) : leftOf(x, e, env)
  // `and` and `or` of static values look at the right side only when they must
  if (left.kind === 'bool' && e.operator === 'and' && !left.value) return left
  if (left.kind === 'bool' && e.operator === 'or' && left.value) return left
  const right = evaluate(x, e.right, env)
  if (isComparison(e)) x.texts.ask(e, e.left.kind === 'string' ? right : left)
  // nothing but `none` equals `none`, so a tensor that may be absent can be asked for
  if ((left.kind === 'none' || right.kind === 'none') && (e.operator === '==' || e.operator === '!='))
    return staticBinary(e, left, right)
  if (left.kind === 'gradient' || right.kind === 'gradient')
    return gradientBinary(x, e.operator, left, right, e.span)
  if (isModel(left) || isModel(right)) return modelBinary(x, e.operator, [left, right], e.span)
  if (left.kind === 'tensor' || right.kind === 'tensor') return tensorBinary(x, e, left, right)
  return staticBinary(e, left, right)
}

function leftOf(x: Elaboration, e: Binary, env: Environment): Val {
  try {
    return evaluate(x, e.left, env)
  } catch (error) {
    return x.mistakes.behind(error, () => evaluate(x, e.right, env))
  }
}

function staticBinary(e: Binary, left: Val, right: Val): Val {
  const { operator } = e
  if (operator === '==' || operator === '!=') {
    const equal = staticEqual(left, right)
    if (equal === undefined)
      return fail(mismatch(e, `something to compare with ${describe(left)}`, right, e.right))
    return bool(equal === (operator === '=='))
  }
  if (operator === 'and' || operator === 'or') {
    if (left.kind === 'bool' && right.kind === 'bool') return right
    return fail(
      left.kind === 'bool'
        ? mismatch(e, 'true or false', right, e.right)
        : mismatch(e, 'true or false', left, e.left),
    )
  }
  if (operator === '+' && left.kind === 'list' && right.kind === 'list')
    return list([...left.items, ...right.items])
  if (operator === '+' && left.kind === 'string' && right.kind === 'string')
    return { kind: 'string', value: left.value + right.value, span: left.span }
  const joins = left.kind === 'string' || left.kind === 'list' ? left : right
  const help =
    operator === '+' && (joins.kind === 'string' || joins.kind === 'list')
      ? `\`+\` joins two ${joins.kind}s or adds numbers`
      : undefined
  if (!isNumber(left)) return fail(mismatch(e, 'a number or a tensor', left, e.left, help))
  if (!isNumber(right)) return fail(mismatch(e, 'a number or a tensor', right, e.right, help))
  const whole = left.kind === 'int' && right.kind === 'int'
  const number = (value: number): Val => {
    if (!Number.isFinite(value) || (whole && Math.abs(value) > Number.MAX_SAFE_INTEGER))
      return fail(notFinite(e.span, { what: `${left.value} ${operator} ${right.value}`, got: value }))
    return whole ? int(value) : float(value)
  }
  const [a, b] = [left.value, right.value]
  switch (operator) {
    case '+':
      return number(a + b)
    case '-':
      return number(a - b)
    case '*':
      return number(a * b)
    case '/':
      if (whole && b !== 0 && a % b !== 0) return fail(inexactDivision(e.span, { left: a, right: b }))
      return number(a / b)
    case '**':
      return whole && b < 0 ? finite(e, a ** b) : number(a ** b)
    case '<':
      return bool(a < b)
    case '<=':
      return bool(a <= b)
    case '>':
      return bool(a > b)
    case '>=':
      return bool(a >= b)
    case '@':
      return fail(mismatch(e, 'a tensor', left, e.left))
  }
}

function finite(e: Binary, value: number): Val {
  if (Number.isFinite(value)) return float(value)
  return fail(notFinite(e.span, { what: `this \`${e.operator}\``, got: value }))
}

const isNumber = (v: Val): v is Val & { kind: 'int' | 'float' } => v.kind === 'int' || v.kind === 'float'

const mismatch = (e: Binary, wanted: string, got: Val, at: Expression, help?: string): Diagnostic =>
  wrongValue(at.span, got, { wanted, where: `\`${e.operator}\``, help })

const comparisons: Partial<Record<BinaryOperator, string>> = {
  '==': 'Equal',
  '<': 'Less',
  '<=': 'LessOrEqual',
  '>': 'Greater',
  '>=': 'GreaterOrEqual',
  and: 'And',
  or: 'Or',
}

function tensorBinary(x: Elaboration, e: Binary, left: Val, right: Val): Val {
  const other = left.kind === 'tensor' ? left.value : right.kind === 'tensor' ? right.value : undefined
  if (!other) throw new Error('tensorBinary without a tensor')
  const build = (b: Builder): Val => {
    if (e.operator === '**' && left.kind === 'tensor' && isNumber(right))
      return tensorVal(power(b, left.value, right.value))
    const l = operand(b, left, other, e, e.left)
    const r = operand(b, right, other, e, e.right)
    if (e.operator === '!=') return tensorVal(b.op('Not', [b.op('Equal', [l, r])]))
    const comparison = comparisons[e.operator]
    if (comparison) return tensorVal(b.op(comparison, [l, r]))
    switch (e.operator) {
      case '+':
        return tensorVal(b.add(l, r))
      case '-':
        return tensorVal(b.sub(l, r))
      case '*':
        return tensorVal(b.mul(l, r))
      case '/':
        if (!isFloat(l.type.dtype))
          return fail(mismatch(e, 'float tensors', tensorVal(l), e, '`cast(x, f32)` converts the tensor'))
        if (isNumber(right) && right.value === 0)
          return fail(notFinite(e.span, { what: 'a division by 0', got: Infinity }))
        return tensorVal(b.div(l, r))
      case '**':
        return tensorVal(b.op('Pow', [l, r]))
      case '@':
        return tensorVal(matmul(b, l, r))
      default:
        throw new Error(`operator ${e.operator}`)
    }
  }
  const operands = [left, right].flatMap((v) => (v.kind === 'tensor' ? [v.value] : []))
  return x.build(e.span, build, () => sizeOrigins(x, operands, e.span))
}

function matmul(b: Builder, l: Value, r: Value): Value {
  const definition = languageFunctions.get('matmul')
  const [first, second] = definition?.parameters ?? []
  if (!definition || !first || !second) throw new Error('no matmul')
  const result = definition.build(
    b,
    new Arguments(
      new Map([
        [first.name, l],
        [second.name, r],
      ]),
    ),
  )
  if (Array.isArray(result)) throw new Error('matmul gives one tensor')
  return result as Value
}

/** A static number beside a tensor takes the tensor's element type. */
function operand(b: Builder, v: Val, other: Value, e: Binary, at: Expression): Value {
  if (v.kind === 'tensor') return v.value
  if (v.kind === 'bool' && other.type.dtype === 'bool') return b.scalar(v.value ? 1 : 0, 'bool')
  if (!isNumber(v)) return fail(mismatch(e, 'a number or a tensor', v, at))
  const { dtype } = other.type
  if (dtype === 'bool') return fail(mismatch(e, 'true, false or a bool tensor', v, at))
  if (!isFloat(dtype) && !Number.isInteger(v.value)) {
    return fail(
      wrongType(at.span, {
        wanted: `a whole number beside ${dtype}`,
        got: describe(v),
        help: '`cast(x, f32)` makes the tensor a float',
      }),
    )
  }
  return b.scalar(v.value, dtype)
}

/** Small powers as products: onnxruntime's Pow calls the C library for each element. */
function power(b: Builder, base: Value, exponent: number): Value {
  const one = (): Value => b.scalar(1, base.type.dtype)
  if (exponent === 1) return base
  if (exponent === 2) return b.mul(base, base)
  if (exponent === 0.5) return b.sqrt(base)
  if (exponent === -0.5) return b.div(one(), b.sqrt(base))
  if (exponent === -1) return b.div(one(), base)
  return b.op('Pow', [base, b.scalar(exponent, base.type.dtype)])
}
