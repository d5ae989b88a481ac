import type { Elaboration } from '../elaboration.js'
import { Environment } from '../environment.js'
import { Limit, Unknown } from '../fail.js'
import { matchType } from '../types.js'
import type { FunctionVal, Val } from '../values.js'
import { evaluateBody } from './body.js'
import { giveAll } from './give.js'

/** Evaluates a function on made-up arguments. */
export function lookAtFunction(x: Elaboration, { declaration, environment, of }: FunctionVal): void {
  const { name, parameters, result, body } = declaration
  const evaluated = (): void => {
    const inner = new Environment(environment)
    giveAll(x, parameters, inner)
    const run = (): Val => evaluateBody(x, declaration, inner)
    const value = of ? x.states.call(of, name.text, name.span, run) : run()
    if (result)
      matchType(x, result, value, inner, { what: `the result of \`${name.text}\``, span: body.span })
  }
  x.madeUp?.apart(() => looked(x, () => x.drawPath.within(name.text, evaluated)))
}

/** Whatever ends it, what was found is told. */
export function looked(x: Elaboration, run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof Unknown || error instanceof Limit)) x.mistakes.failure(error)
  }
}
