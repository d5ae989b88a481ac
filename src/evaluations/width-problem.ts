import type { GivenArguments } from './kind.js'

/** The problem of two vectors that are compared with each other and are not of one length. */
export function widthProblem(
  parameter: string,
  other: string,
  { shapes }: GivenArguments,
): { parameter: string; message: string }[] {
  const [own, wanted] = [shapes[parameter], shapes[other]].map((shape) => shape?.reduce((a, b) => a * b, 1))
  if (own === undefined || wanted === undefined || own === wanted) return []
  return [{ parameter, message: `it has ${own} numbers a row, \`${other}\` has ${wanted}` }]
}
