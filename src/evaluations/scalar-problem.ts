import type { GivenArguments } from './kind.js'

/** The problem of a parameter that must give one number, per row or batch. */
export function scalarProblem(
  parameter: string,
  { shapes }: GivenArguments,
): { parameter: string; message: string }[] {
  const shape = shapes[parameter]
  if (!shape || shape.length === 0) return []
  return [{ parameter, message: `it must be one number, not of shape [${shape.join(', ')}]` }]
}
