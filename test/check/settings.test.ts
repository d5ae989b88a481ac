import { expect, it } from 'vitest'
import { analyzeSources, problems } from './analyze.js'

const source = `pipeline p {
  param tau: float = 0.1
  param heads: int = 4
  param flips: bool = true
  param goal: "eps" | "velocity" = "eps"
  let used = (tau, heads, flips, goal)
  model m = M(heads)
  export m
}
module M(n: int) { w: float[n] = zeros }
`

it('a setting replaces the value of a param, of the type of the param', () => {
  const settings = { tau: '2', heads: '8', goal: 'velocity', flips: 'false' }
  const { lowered } = analyzeSources(source, settings)
  expect(lowered?.params).toEqual({ tau: 2, heads: 8, goal: 'velocity', flips: false })
  expect(lowered?.models[0]?.parameters[0]?.shape).toEqual([8])
})

it('a setting of no param or of another type is refused', () => {
  expect(problems(source, { tua: '2' })).toEqual([
    'pipeline/unknown-param: the pipeline has no param `tua` to set',
  ])
  expect(problems(source, { tau: 'high' })).toEqual(['pipeline/bad-param: `tau` takes float, not `high`'])
  expect(problems(source, { heads: '0.5' })).toEqual(['pipeline/bad-param: `heads` takes int, not `0.5`'])
  expect(problems(source, { goal: 'esp' })).toEqual([
    'pipeline/bad-param: `goal` takes "eps" | "velocity", not `esp`',
  ])
})
