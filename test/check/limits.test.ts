import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js'
import { type Sources, analyzeSources } from './analyze.js'

/** Time of this process alone, and a second try if that was long: other processes may keep the machine busy. */
function codesInTime(sources: Sources): string[] {
  const timed = (): { diagnostics: readonly Diagnostic[]; seconds: number } => {
    const begin = process.cpuUsage()
    const { diagnostics } = analyzeSources(sources)
    return { diagnostics, seconds: process.cpuUsage(begin).user / 1e6 }
  }
  const { diagnostics, seconds } = timed()
  if (seconds >= 1) expect(timed().seconds).toBeLessThan(1)
  return [...new Set(diagnostics.filter((d) => d.severity === 'error').map((d) => d.code))]
}

const pipeline = (value: string, declarations = '', more = ''): string => `use std.nn { Linear }
${declarations}
pipeline p {
  data mnist = mnist(split = "train", size = 8) rows 32 { image: f32[3, 8, 8] = image }
  model head = Linear(192, 10)
  let x = reshape(mnist.image, [32, 192])
  let v = ${value}
  ${more}
  stage s { train head; minimize mean(head(x)); optimizer sgd(lr = 0.1); steps 3; monitor m = mean(v) }
}`

const doubling = (step: string): string => `fn grow(n: int) {
  xs = [1]
  for k in 0..n { xs = ${step} }
  xs
}`

const many = (count: number, line: (k: number) => string): string =>
  Array.from({ length: count }, (_, k) => line(k)).join('\n')

const large: Readonly<Record<string, readonly [source: string, codes: readonly string[]]>> = {
  'a constant': [pipeline('cast(arange(1_000_000_000), f32)'), ['type/operator']],
  'constants that fit one by one': [
    pipeline('cast(sum(stack([sum(arange(1_000_000)) for _ in 0..100])), f32)'),
    ['type/too-large'],
  ],
  'a tensor': [pipeline('zeros([100_000, 100_000, 100_000])'), ['type/operator']],
  'a tensor as large as one may be': [pipeline('zeros([100_000, 100_000])'), []],
  'rounds of a loop': [pipeline('iterate(1_000_000_000, x, same)', 'fn same(a, k) = a'), ['type/mismatch']],
  'a broadcast': [pipeline('expand(mean(x), [1_000_000, 1_000_000])'), ['type/operator']],
  'a draw': [pipeline('draw normal of [99_999_999, 99_999_999]'), ['type/operator']],
  'rows of data': [
    pipeline(
      'mnist2.image',
      '',
      'data mnist2 = mnist(split = "test", size = 8) rows 9_000_000_000 { image: f32[3, 8, 8] = image }',
    ),
    ['type/operator'],
  ],
  'a parameter': [pipeline('x', '', 'model big = Linear(99_999_999, 99_999_999)'), ['type/too-large']],
  'a mask': [pipeline('causal_mask(100_000)'), ['type/operator']],
  'a linspace': [pipeline('x * len(linspace(0, 1, 100_000_000_000))'), ['type/too-large']],
  'a linspace that overflows': [pipeline('x * linspace(-1e308, 1e308, 3)[1]'), ['type/not-finite']],
  'a linspace of one': [pipeline('x * len(linspace(0, 1, 1))'), ['type/mismatch']],
  'a range': [pipeline('x * len(0..100_000_000_000)'), ['type/too-large']],
  'a running product': [pipeline('x * cumprod([1e200, 1e200])[1]'), ['type/not-finite']],
  'an int': [pipeline('x * 10 ** 10 ** 10'), ['type/not-finite']],
  'a string': [
    pipeline('grow(60)', 'fn grow(n: int) { s = "ab"; for k in 0..n { s = s + s }; 1.0 }'),
    ['type/too-large'],
  ],
  'a list that doubles': [pipeline('x * len(grow(30))', doubling('xs + xs')), ['type/too-large']],
  'a list that holds itself twice': [
    pipeline('constant(grow(40))', doubling('[xs, xs]')),
    ['type/too-large'],
  ],
  'a record that holds itself twice': [
    pipeline('grow(40).a', doubling('{ a: xs, b: xs }')),
    ['type/too-large'],
  ],
  'a deep list': [pipeline('if grow(90_000) == [1] { x } else { x }', doubling('[xs]')), ['type/too-large']],
  'a list that grows one by one': [
    pipeline('x * len(grow(150_000))', doubling('append(xs, k)')),
    ['type/too-large'],
  ],
  'nested comprehensions': [
    pipeline('x * len([[[1 for a in 0..200] for b in 0..200] for c in 0..200])'),
    ['type/too-large'],
  ],
  'a long comprehension': [pipeline('x * len([a + 1 for a in 0..100_000])'), []],
  pairs: [
    pipeline('big[i] * big[j] for i, j in 1_000_000', '', 'let big = draw normal of [1_000_000, 3]'),
    ['type/operator'],
  ],
  'a count of iterations': [
    pipeline('iterate(1_000_000_000, x, half)', 'fn half(x, k) = 0.5 * x'),
    ['type/mismatch'],
  ],
  'an evaluation': [
    `pipeline p {
      let huge = zeros([64, 1_000_000, 100_000]) * mean(d.image)
      data d = mnist(split = "test", size = 8) { image: f32[3, 8, 8] = image }
      evaluate e = clustering(features = huge, label = huge)
    }`,
    ['type/operator'],
  ],
}

const deep: Readonly<Record<string, readonly [source: string, codes: readonly string[]]>> = {
  'a function of itself': [pipeline('f(x)', 'fn f(x) = f(x)'), ['call/too-deep']],
  'functions of each other': [pipeline('f(x)', 'fn f(x) = g(x)\nfn g(x) = f(x) + f(x)'), ['call/too-deep']],
  'a function given itself': [pipeline('f(f)', 'fn f(g) = g(g)'), ['call/too-deep']],
  'numbers, twice at each of 110 levels': [
    pipeline('x * f(110)', 'fn f(n: int) = if n == 0 { 1 } else { f(n - 1) + f(n - 1) }'),
    ['type/too-large'],
  ],
  'tensors, twice at each of 110 levels': [
    pipeline('f(x, 110)', 'fn f(x, n: int) = if n == 0 { x } else { f(x, n - 1) + f(x, n - 1) }'),
    ['type/too-large'],
  ],
  'a hundred levels': [pipeline('f(x, 100)', 'fn f(x, n: int) = if n == 0 { x } else { f(x, n - 1) }'), []],
  'modules, twice at each level': [
    pipeline(
      'x',
      'module D(n: int) {\n  a = D(n - 1) if n > 0\n  b = D(n - 1) if n > 0\n  w: float[1] = zeros\n}',
      'model d = D(40)',
    ),
    ['type/too-large'],
  ],
  'modules in modules': [
    pipeline(
      'x',
      'module W(inner) { a = inner }\nfn f(n: int) {\n  m = Linear(1, 1)\n  for k in 0..n { m = W(m) }\n  m\n}',
      'model d = f(10_000)',
    ),
    ['type/too-large'],
  ],
  'a hundred thousand layers': [
    pipeline('x', 'module D(n: int) { ls = [Linear(1, 1) for _ in 0..n] }', 'model d = D(100_000)'),
    ['type/too-large'],
  ],
  'a chain of nodes': [pipeline('f(x)', 'fn f(x) { for k in 0..50_000 { x = x + 1.0 }; x }'), []],
  'values of values': [
    pipeline(
      'x * a0',
      '',
      many(3000, (k) => `let a${k} = ${k < 2999 ? `a${k + 1} + 1` : '1'}`),
    ),
    ['call/too-nested'],
  ],
  'values of values in order': [
    pipeline(
      'x * a2999',
      '',
      many(3000, (k) => `let a${k} = ${k > 0 ? `a${k - 1} + 1` : '1'}`),
    ),
    ['call/too-nested'],
  ],
  'params of params': [
    pipeline(
      'x * a0',
      '',
      many(3000, (k) => `param a${k}: int = ${k < 2999 ? `a${k + 1}` : '1'}`),
    ),
    ['call/too-nested'],
  ],
  'static values of a file': [
    pipeline(
      'x * a0',
      many(3000, (k) => `let a${k} = ${k < 2999 ? `a${k + 1} + 1` : '1'}`),
    ),
    ['call/too-nested'],
  ],
  'calls within calls within calls': [
    pipeline(
      'f(x, 100)',
      `fn f(x, n: int) = if n == 0 { x } else { ${'abs('.repeat(80)}f(x, n - 1)${')'.repeat(80)} }`,
    ),
    ['call/too-nested'],
  ],
  'names that nobody declares': [
    `fn f() = [${many(20_000, (k) => `name${k},`)}]\npipeline p {}`,
    ['name/unknown'],
  ],
  'declarations of one name': [many(5000, () => 'fn a() = 1'), ['name/duplicate']],
  'pipelines that extend pipelines': [
    `${many(900, (k) => `pipeline a${k} extends a${k + 1} {}`)}\npipeline a900 {}`,
    ['pipeline/several'],
  ],
  stages: [
    `use std.nn { Linear }\npipeline p {\n  model h = Linear(2, 2)\n${many(500, (k) => `stage s${k} { train h; minimize mean(h(ones([1, 2]))); optimizer sgd(lr = 0.1); steps 1 }`)}\n}`,
    [],
  ],
}

describe('an analysis ends within a second, with a diagnostic where something is too much', () => {
  analyzeSources(pipeline('x'))
  for (const [name, [source, codes]] of Object.entries(large)) {
    it(`large: ${name}`, () => expect(codesInTime(source)).toEqual(codes))
  }
  for (const [name, [source, codes]] of Object.entries(deep)) {
    it(`deep: ${name}`, () => expect(codesInTime(source)).toEqual(codes))
  }
})

it('a pipeline at the end of a long chain of others is refused', () => {
  const chain = many(
    3000,
    (k) => `pipeline p${k} ${k === 0 ? '' : `extends p${k - 1} `}{ param a${k}: int = 1 }`,
  )
  const { diagnostics } = analyzeSources(chain, {}, 'p2999')
  expect(diagnostics.map(({ code }) => code)).toEqual(['pipeline/chain'])
  expect(analyzeSources(chain, {}, 'p90').lowered?.pipeline).toBe('p90')
})

describe('names of JavaScript are no names of the language', () => {
  for (const value of [
    'constructor(x)',
    'x * toString',
    'x.constructor',
    'draw constructor of [3]',
    'head.__proto__',
  ])
    it(value, () => {
      const [code] = codesInTime(pipeline(value))
      expect(['name/unknown', 'name/unknown-field']).toContain(code)
    })
  it('columns, initial values, clauses', () => {
    expect(
      codesInTime('pipeline p { data d = mnist(split = "test", size = 8) { a: f32[3] = constructor } }'),
    ).toEqual(['data/field'])
    expect(codesInTime(pipeline('x', 'module M { w: float[3] = constructor }', 'model m = M()'))).toEqual([
      'name/unknown',
    ])
    expect(codesInTime('pipeline p { stage s { toString 3; constructor 4 } }')).toContain(
      'stage/unknown-clause',
    )
  })
})
