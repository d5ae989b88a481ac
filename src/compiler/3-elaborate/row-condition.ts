import { type HostExpression, hostOperators } from '../../artefact/data.js'
import { badCondition } from '../../diagnostics/catalogue/data.js'
import { closest } from '../../diagnostics/suggest.js'
import { formatType } from '../../graph/types.js'
import type { ColumnType } from '../../sources/source.js'
import { childrenOf } from '../1-parse/children.js'
import type { Expression } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { type RowScope, hostCall, unknownColumn } from './host-expression.js'
import { describe } from './values.js'

type Kind = 'number' | 'text' | 'condition'

interface Scalar {
  readonly value: HostExpression
  readonly kind: Kind
}

/** Whether a row is taken: a condition over its columns. */
export function rowCondition(
  x: Elaboration,
  e: Expression,
  scope: RowScope,
  env: Environment,
): HostExpression {
  const { value, kind } = scalar(x, e, scope, env)
  if (kind === 'condition') return value
  return fail(
    badCondition(e.span, { message: `a condition holds or does not, this is a ${kind}`, help: 'compare it' }),
  )
}

/** A column that keeps rows together, or is compared: a number, a text or a truth value. */
export function rowScalar(x: Elaboration, e: Expression, scope: RowScope, env: Environment): HostExpression {
  return scalar(x, e, scope, env).value
}

function scalar(x: Elaboration, e: Expression, scope: RowScope, env: Environment): Scalar {
  switch (e.kind) {
    case 'name': {
      const found = scope.get(e.name)
      if (found) return { value: found.value, kind: kindOf(found.type, e) }
      return env.get(e.name) === undefined
        ? fail(unknownColumn(e.name, e.span, scope))
        : known(x, e, scope, env)
    }
    case 'call': {
      if (e.callee.kind !== 'name' || !mentions(e, scope)) return known(x, e, scope, env)
      const { value, type } = hostCall(x, e, e.callee, scope, env)
      return { value, kind: kindOf(type, e) }
    }
    case 'unary': {
      const operand = scalar(x, e.operand, scope, env)
      const operator = e.operator === 'not' ? 'not' : '-'
      expectKind(operand, operator === 'not' ? 'condition' : 'number', e.operand)
      return operator === 'not'
        ? { value: { kind: 'operation', operator, operands: [operand.value] }, kind: 'condition' }
        : { value: { kind: 'operation', operator, operands: [zero, operand.value] }, kind: 'number' }
    }
    case 'binary':
      return binary(x, e, scope, env)
    default:
      return known(x, e, scope, env)
  }
}

const zero: HostExpression = { kind: 'literal', value: 0 }

function binary(
  x: Elaboration,
  e: Expression & { readonly kind: 'binary' },
  scope: RowScope,
  env: Environment,
): Scalar {
  const operator = hostOperators.find((one) => one === e.operator)
  if (!operator || operator === 'not')
    return fail(
      badCondition(e.span, {
        message: `\`${e.operator}\` is not computed of columns`,
        help: `there are ${hostOperators.map((o) => `\`${o}\``).join(', ')}`,
      }),
    )
  const [left, right] = [scalar(x, e.left, scope, env), scalar(x, e.right, scope, env)]
  const made = (kind: Kind): Scalar => ({
    value: { kind: 'operation', operator, operands: [left.value, right.value] },
    kind,
  })
  const both = (kind: Kind): void => {
    expectKind(left, kind, e.left)
    expectKind(right, kind, e.right)
  }
  switch (operator) {
    case '==':
    case '!=':
      expectKind(right, left.kind, e.right)
      return made('condition')
    case 'and':
    case 'or':
      both('condition')
      return made('condition')
    case '+':
    case '-':
    case '*':
    case '/':
      both('number')
      return made('number')
    default:
      both('number')
      return made('condition')
  }
}

function expectKind({ kind }: Scalar, wanted: Kind, e: Expression): void {
  if (kind !== wanted)
    fail(badCondition(e.span, { message: `a ${wanted} belongs here, this is a ${kind}`, help: undefined }))
}

function kindOf(type: ColumnType, e: Expression): Kind {
  if (type.kind === 'string') return 'text'
  if (type.kind === 'tensor' && type.shape.length === 0) return type.dtype === 'bool' ? 'condition' : 'number'
  return fail(
    badCondition(e.span, {
      message: `rows are compared by numbers and texts, this is ${type.kind === 'tensor' ? formatType(type) : 'a picture'}`,
      help: 'take a column with one number or text a row',
    }),
  )
}

/** A value of the pipeline. */
function known(x: Elaboration, e: Expression, scope: RowScope, env: Environment): Scalar {
  const value = evaluate(x, e, env)
  switch (value.kind) {
    case 'int':
    case 'float':
      return { value: { kind: 'literal', value: value.value }, kind: 'number' }
    case 'string':
      return { value: { kind: 'literal', value: value.value }, kind: 'text' }
    case 'bool':
      return { value: { kind: 'literal', value: value.value }, kind: 'condition' }
    default: {
      const suggestion = e.kind === 'name' ? closest(e.name, [...scope.keys()]) : undefined
      const names = [...scope.keys()].map((k) => `\`${k}\``).join(', ')
      return fail(
        badCondition(e.span, {
          message: `a condition compares numbers and texts, this is ${describe(value)}`,
          help: suggestion === undefined ? `the columns are ${names}` : `did you mean \`${suggestion}\`?`,
        }),
      )
    }
  }
}

function mentions(e: Expression, scope: RowScope): boolean {
  switch (e.kind) {
    case 'name':
      return scope.has(e.name)
    case 'comprehension':
    case 'pairs':
    case 'block':
    case 'function':
      return false
    default:
      return childrenOf(e).some((child) => mentions(child, scope))
  }
}
