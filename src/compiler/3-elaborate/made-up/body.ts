import type { FunctionDeclaration } from '../../1-parse/syntax.js'
import type { Elaboration } from '../elaboration.js'
import type { Environment } from '../environment.js'
import { evaluate } from '../evaluate.js'
import { Unknown } from '../fail.js'
import type { Val } from '../values.js'
import { guess } from './give.js'

/** The value of a function's body; where nothing is known of it, what its type says. */
export function evaluateBody(x: Elaboration, { body, result }: FunctionDeclaration, env: Environment): Val {
  const { madeUp } = x
  if (!madeUp) return evaluate(x, body, env)
  try {
    return madeUp.inside(body, () => evaluate(x, body, env))
  } catch (error) {
    if (!(error instanceof Unknown) || !result) throw error
    const value = guess(x, result, env)
    if (value.kind === 'unknown') throw error
    return value
  }
}
