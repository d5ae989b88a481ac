import { describe, expect, it } from 'vitest'
import { tensor } from '../../src/graph/types.js'
import { problems } from './analyze.js'
import { valuesOf } from './value.js'

const functions = `
fn walk(x, k) = x + draw normal like x
fn twice(x, k) = x + draw normal like x - draw normal like x
fn scalar(x, k) = x + draw normal
fn grid(x, k) = iterate(2, x, walk)
`
/** The value of an expression with draws that count from 0 on. */
const value = (expression: string, more = ''): unknown =>
  valuesOf(`${more}\nlet y = ${expression}`, functions)('y')

describe('what iterate carries', () => {
  it('may be a tuple, beside values of the function around it', () => {
    const grown = 'fn grown(a) = iterate(4, (a, ones([])), fn(v, k) = (v[0] + v[1] * a, 2.0 * v[1]))'
    // a + a (1 + 2 + 4 + 8), and 2 ** 4
    expect(value('grown(full([2], 0.5))[0]', grown)).toEqual([8, 8])
    expect(value('grown(full([2], 0.5))[1]', grown)).toEqual(16)
  })
})

describe('a draw in the body of iterate', () => {
  it('is another one in each round, each row with its own', () => {
    // the input is [2, 3, 2]: rows, rounds, columns
    expect(value('iterate(3, zeros([2, 2]), walk)')).toEqual([
      [0 + 2 + 4, 1 + 3 + 5],
      [6 + 8 + 10, 7 + 9 + 11],
    ])
    expect(value('iterate(3, zeros([2]), walk)')).toEqual([0 + 1 + 2, 3 + 4 + 5])
    expect(value('iterate(4, zeros([]), scalar)')).toBe(0 + 1 + 2 + 3)
  })

  it('is two where it stands twice', () => {
    const items = 'let y = iterate(3, zeros([2]), twice)'
    const zero = valuesOf(items, functions, ({ type }) => tensor(type.dtype, type.shape, Array(6).fill(1)))(
      'y',
    )
    expect(zero).toEqual([0, 0])
  })

  it('of nested loops has a value for each turn of both', () => {
    // [rows 1, outer 3, inner 2]
    expect(value('iterate(3, zeros([1]), grid)')).toEqual([0 + 1 + 2 + 3 + 4 + 5])
  })

  it('that is a `let` is one for all rounds, and for what reads it outside', () => {
    expect(
      value(
        'iterate(3, zeros([2]), shared) + noise',
        'let noise = draw normal of [2]\nfn shared(x, k) = x + noise',
      ),
    ).toEqual([0, 4])
  })

  it('of all rounds has a limit', () => {
    const source = `fn f(x, k) = x + draw normal like x
pipeline p {
  let y = iterate(100_000, draw normal of [1_000_000], f)
  evaluate e = average(value = mean(y))
}`
    expect(problems(source)[0]).toMatch(/f32\[1000000, 100000\]/)
  })
})
