import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { drawsOf } from '../../src/graph/roles.js'
import { analyzeSources, problems } from './analyze.js'
import { valueOf, valuesOf } from './value.js'

/** Expressions and their values, each line a test. */
function table(cases: Readonly<Record<string, unknown>>, declarations = '', items = ''): void {
  for (const [expression, value] of Object.entries(cases))
    it(expression, () => expect(valueOf(expression, declarations, items)).toEqual(value))
}

describe('static arithmetic', () => {
  table({
    '7 - 2 * 3': 1,
    '2 ** 3 ** 2': 512,
    '-2 ** 2': -4,
    '6 / 3': 2,
    'float(7) / 2': 3.5,
    'floor_div(-7, 2)': -4,
    'int(-3.7)': -3,
    '2 ** -1': 0.5,
    '1 < 2 and not (2 < 1)': true,
    'false and (1 / 0 == 1)': false,
    '1 == 1.0': true,
    'none == none': true,
    '[1, [2]] == [1, [2]]': true,
    '"a" + "b"': 'ab',
    '[1] + [2]': [1, 2],
  })
})

describe('lists, ranges, records', () => {
  table({
    '[k for k in 2..5]': [2, 3, 4],
    '[k for k in 2..=5]': [2, 3, 4, 5],
    '[k for k in 5..2]': [],
    'reverse([1, 2, 3])': [3, 2, 1],
    'append([1], 2)': [1, 2],
    'cumprod([0.5, 2, 3.0])': [0.5, 1, 3],
    'cumprod([])': [],
    'linspace(1, 2, 5)': [1, 1.25, 1.5, 1.75, 2],
    'linspace(0.5, -0.5, 2)': [0.5, -0.5],
    'concat([1], [2, 3])': [1, 2, 3],
    'zip([1, 2], ["a", "b"])': [
      [1, 'a'],
      [2, 'b'],
    ],
    'enumerate(["a", "b"])': [
      [0, 'a'],
      [1, 'b'],
    ],
    '[a + b for (a, b) in [(1, 2), (3, 4)]]': [3, 7],
    '[[a * b for b in 1..=a] for a in 1..=3]': [[1], [2, 4], [3, 6, 9]],
    'len([1, 2, 3])': 3,
    '[10, 20, 30, 40][-1]': 40,
    '[10, 20, 30, 40][1:3]': [20, 30],
    '[10, 20, 30, 40][::-2]': [40, 20],
    '[10, 20, 30, 40][-3:]': [20, 30, 40],
    '[10, 20][5:]': [],
    '{ a: 1, b: { c: 2 } }.b.c': 2,
    '({ a: 1, b: 2 } with { b: 3 })': { a: 1, b: 3 },
    '{ a: 1 }.b?': null,
    '{ a: 1 }.a?': 1,
    'match 3 { 1 | 2 => "low", 3 | 4 => "high", _ => "other" }': 'high',
    'match "x" { 1 => 1, _ => 2 }': 2,
    'if 1 < 2 { "yes" } else { "no" }': 'yes',
  })
  it('a copy of a record leaves the record as it is', () => {
    const value = valuesOf('let a = { n: 1 }\nlet b = a with { n: 2 }')
    expect([value('a'), value('b')]).toEqual([{ n: 1 }, { n: 2 }])
  })
  it('a record type has defaults, which see the fields before', () => {
    const value = valuesOf('let c = C(width = 6)', 'record C { width: int = 4, half: int = width / 2 }')
    expect(value('c')).toEqual({ width: 6, half: 3 })
  })
})

describe('functions and their locals', () => {
  const functions = `
fn branch(deep: bool) { x = 1; if deep { x = x + 10 }; x }
fn loop(n: int) { s = 0; for k in 0..n { s = s + k; t = s }; (s, t) }
fn shadow(x) { y = [x for x in 0..3]
  (x, y) }
fn inner(x) { f = { x = 5; x }
  (x, f) }
fn swap(a, b) { (a, b) = (b, a)
  [a, b] }
fn nested(v) { ((a, b), c) = v
  [c, b, a] }
fn defaults(a, b = a + 1, c = a + b) = [a, b, c]
fn fact(n: int) = if n == 0 { 1 } else { n * fact(n - 1) }
fn twice(f, x) = f(f(x))
fn inc(x) = x + 1
fn dims(x: float[n, ...s, m]) = (n, s, m)
fn split(h: int, x: float[h * d]) = d
fn odd(x: float[2 * n + 1]) = n
fn rest(x: float[n], y: float[n - m]) = m
fn part(x: float[n / 3]) = n
fn ratio(x: float[12 / n]) = n
fn both(x: float[n], y: float[2 * (n + m)]) = m
fn skip(_, b) = b
fn later(x) { a = 1
  fn f(y) = y * a
  a = 2
  [f(x), a] }
fn made() { fs = []
  for k in 0..3 { fs = append(fs, fn(y) = y + k) }
  [f(10) for f in fs] }
fn own(n) { fn fact(k) = if k == 0 { 1 } else { k * fact(k - 1) }
  fact(n) }
fn hidden(x) { fn x(y) = y + 1; x(5) }
fn returned(n) = fn(k: int, by: int = 2) -> int { by * k + n }
fn listed(xs) = [f(1) for f in [fn(y) = y + k for k in xs]]
`
  table(
    {
      'branch(true)': 11,
      'branch(false)': 1,
      'later(5)': [5, 2],
      'made()': [10, 11, 12],
      'own(4)': 24,
      'hidden(1)': 6,
      'returned(1)(3)': 7,
      'returned(1)(3, by = 4)': 13,
      'listed([1, 2])': [2, 3],
      'twice(fn(x) = x * x, 3)': 81,
      '(fn(x) = x + 1)(2)': 3,
      'loop(4)': [6, 6],
      'shadow(7)': [7, [0, 1, 2]],
      'inner(7)': [5, 5],
      'swap(1, 2)': [2, 1],
      'nested(((1, 2), 3))': [3, 2, 1],
      'defaults(1)': [1, 2, 3],
      'defaults(1, c = 9)': [1, 2, 9],
      'defaults(b = 5, a = 1)': [1, 5, 6],
      'fact(10)': 3628800,
      'twice(inc, 3)': 5,
      'dims(zeros([2, 3, 4, 5]))': [2, [3, 4], 5],
      'dims(zeros([2, 5]))': [2, [], 5],
      'split(4, zeros([12]))': 3,
      'odd(zeros([7]))': 3,
      'rest(zeros([5]), zeros([2]))': 3,
      'part(zeros([4]))': 12,
      'ratio(zeros([4]))': 3,
      'both(zeros([2]), zeros([10]))': 3,
      'skip(1, 2)': 2,
    },
    functions,
  )
  it('a name of the pipeline hides one of the file, a local hides both', () => {
    const value = valuesOf(
      'let size = 2\nfn own() = size\nfn local(size) = size\nlet a = (size, own(), local(3), top())',
      'let size = 1\nfn top() = size',
    )
    expect(value('a')).toEqual([2, 2, 3, 1])
  })
  it('a tuple at the top of a file names its parts', () => {
    expect(valueOf('low + high', 'let (low, high) = (1, 2)')).toBe(3)
  })
})

describe('indexing as in NumPy', () => {
  const { cases } = JSON.parse(readFileSync(new URL('numpy-indexing.json', import.meta.url), 'utf8')) as {
    cases: [string, unknown][]
  }
  const x = 'let x = reshape(cast(arange(24), f32), [2, 3, 4])'
  for (const [expression, value] of cases)
    it(expression, () => expect(valueOf(expression, '', x)).toEqual(value))
  it('an empty slice', () => expect(valueOf('shape(x[:, 5:])', '', x)).toEqual([2, 0, 4]))
})

describe('tensors and static numbers', () => {
  const x = 'let x = constant([1.0, 2.0, 4.0])'
  table(
    {
      '2 * x': [2, 4, 8],
      'x - 1': [0, 1, 3],
      '8 / x': [8, 4, 2],
      'x ** 2': [1, 4, 16],
      'x ** -1': [1, 0.5, 0.25],
      'x ** 0.5': [1, Math.SQRT2, 2],
      '-x': [-1, -2, -4],
      'x > 1.5': [0, 1, 1],
      'x != 2': [1, 0, 1],
      'not (x > 1.5)': [1, 0, 0],
      'x > 1 and x < 3': [0, 1, 0],
      'arange(3) + 2': [2, 3, 4],
      'x[:, None] * x[None, :]': [
        [1, 2, 4],
        [2, 4, 8],
        [4, 8, 16],
      ],
      'x @ x': 21,
      'shape(x[:, None] @ x[None, :])': [3, 3],
      'x == none': false,
    },
    '',
    x,
  )
})

describe('iterate', () => {
  table(
    {
      'iterate(4, constant([1.0]), double)': [16],
      'iterate(3, constant([0.0]), index)': [3],
      'iterate(2, constant([1.0]), outer)': [81],
    },
    `fn double(x, k) = 2.0 * x
fn index(x, k) = x + cast(k, f32)
fn triple(x, k) = 3.0 * x
fn outer(x, k) = iterate(2, x, triple)`,
  )
})

describe('pairs are the function on each pair of rows', () => {
  const n = 3
  const d = 2
  const a = Array.from({ length: n }, (_, i) => [Math.sin(i), 1 + i])
  const b = Array.from({ length: n }, (_, i) => [2 - i, Math.cos(2 * i)])
  const literal = (rows: number[][]): string =>
    `constant([${rows.map((r) => `[${r.join(', ')}]`).join(', ')}])`
  const at = (rows: number[][], i: number, k: number): number => rows[i]?.[k] ?? NaN
  const items = `let a = ${literal(a)}\nlet b = ${literal(b)}\nlet w = constant([[1.0, 2.0], [3.0, 5.0]])`
  const each = (f: (i: number, j: number) => unknown): unknown[][] =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => f(i, j)))
  const close = (got: unknown, wanted: unknown[][]): void => {
    const flat = (v: unknown): number[] => (Array.isArray(v) ? v.flatMap(flat) : [Number(v)])
    expect(flat(got).length).toBe(flat(wanted).length)
    flat(got).forEach((v, k) => expect(v).toBeCloseTo(flat(wanted)[k] ?? NaN, 12))
  }
  const range = Array.from({ length: d }, (_, k) => k)
  it('a product of rows', () =>
    close(
      valueOf(`a[i] * b[j] for i, j in ${n}`, '', items),
      each((i, j) => range.map((k) => at(a, i, k) * at(b, j, k))),
    ))
  it('the rows of one tensor with themselves, reduced', () =>
    close(
      valueOf(`sum(exp(a[i] - a[j]), axis = 1) for i, j in ${n}`, '', items),
      each((i, j) => range.reduce((s, k) => s + Math.exp(at(a, i, k) - at(a, j, k)), 0)),
    ))
  it('a network with what is captured, softmax along the row', () => {
    const w = [
      [1, 2],
      [3, 5],
    ]
    close(
      valueOf(`softmax((a[i] + b[j]) @ w, axis = 1) for i, j in ${n}`, '', items),
      each((i, j) => {
        const sums = range.map((c) =>
          range.reduce((s, k) => s + (at(a, i, k) + at(b, j, k)) * at(w, k, c), 0),
        )
        const total = sums.reduce((s, v) => s + Math.exp(v), 0)
        return sums.map((v) => Math.exp(v) / total)
      }),
    )
  })
})

describe('draws', () => {
  const draws = (items: string, declarations = ''): string[] => {
    const source = `use std.nn { Linear }
${declarations}
pipeline p {
  model head = Linear(4, 4)
  let base = draw normal of [2, 4]
  ${items}
  stage s { train head; minimize mean(head(base) * v); optimizer sgd(lr = 0.1); steps 3 }
}`
    const { lowered, diagnostics } = analyzeSources(source)
    expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([])
    const stage = lowered?.stages[0]?.updates[0]
    return stage ? [...drawsOf(stage.graph).keys()].sort() : []
  }
  const noise = 'fn noise(x) = draw normal like x\nfn two(x) { a = noise(x); b = noise(x); a * b }'

  it('one `let` used twice is one draw', () => expect(draws('let v = base * base')).toEqual(['base']))
  it('a function called twice is two', () => {
    const paths = draws('let v = noise(base) * noise(base)', noise)
    expect(paths.length).toBe(3)
    expect(new Set(paths).size).toBe(3)
  })
  it('locals and calls name a draw', () => {
    const paths = draws('let v = two(base)', noise)
    expect(paths).toEqual(['base', 'v/two/a/noise', 'v/two/b/noise'])
  })
  it('each item of a list draws for itself', () =>
    expect(new Set(draws('let v = sum(stack([noise(base) for _ in 0..5]), axis = 0)', noise)).size).toBe(6))
  it('a draw added elsewhere renames none', () => {
    const before = draws('let v = two(base)', noise)
    const after = draws('let more = draw uniform of [2, 4]\nlet v = two(base) * more', noise)
    expect(after.filter((path) => !path.startsWith('more'))).toEqual(before)
  })
  it('the order of use changes no name', () => {
    const one = draws('let a = noise(base)\nlet b = noise(base)\nlet v = a + b', noise)
    const other = draws('let b = noise(base)\nlet a = noise(base)\nlet v = b - a', noise)
    expect(one).toEqual(other)
  })
})

describe('extends', () => {
  const base = `use std.nn { Linear }
pipeline base {
  param tau: float = 0.5
  param width: int = 4
  model head = Linear(4, width)
  let x = draw normal of [2, 4]
  let y = tau * head(x)
  loss l = mean(y)
  loss m = mean(square(y))
  stage one { train head; minimize l; optimizer sgd(lr = 0.1); steps 3; clip_norm 1.0; monitor seen = l every 2 }
  stage two { train head.bias; minimize m; optimizer adamw(lr = 0.1); steps 7 }
  export head
}
`
  const lowered = (own: string): NonNullable<ReturnType<typeof analyzeSources>['lowered']> => {
    const files = {
      'main.dcr': `use "./base.dcr" { base }\npipeline p extends base {\n${own}\n}`,
      'base.dcr': base,
    }
    const analysis = analyzeSources(files)
    expect(analysis.diagnostics).toEqual([])
    if (!analysis.lowered) throw new Error('not lowered')
    return analysis.lowered
  }
  it('takes over everything', () => {
    const { stages, params, exports } = lowered('')
    expect(stages.map((s) => [s.name, s.steps])).toEqual([
      ['one', 3],
      ['two', 7],
    ])
    expect([params, exports]).toEqual([{ tau: 0.5, width: 4 }, [{ kind: 'model', name: 'head' }]])
  })
  it('an overridden stage keeps the clauses that are not named', () => {
    const [one] = lowered('override stage one { steps 9 }').stages
    expect(one).toMatchObject({ steps: 9, monitors: [{ name: 'seen', every: 2 }] })
    expect(one?.updates[0]?.clipNorm).toBe(1)
    expect(one?.updates[0]?.groups).toMatchObject([{ optimizer: 'sgd', settings: { lr: 0.1 } }])
  })
  it('monitors are replaced by name and added', () => {
    const [one] = lowered('override stage one { monitor seen = m; monitor more = m }').stages
    expect(one?.monitors.map((m) => m.name).sort()).toEqual(['more', 'seen'])
    expect(one?.monitors.find((m) => m.name === 'seen')?.every).toBe(1)
  })
  it('values are bound after overrides', () => {
    const { models, params, stages } = lowered(
      'override param tau = 2.0\noverride param width = 3\noverride let x = draw normal of [5, 4]',
    )
    expect(params).toEqual({ tau: 2, width: 3 })
    expect(models[0]?.parameters.map((p) => p.shape)).toEqual([[3, 4], [3]])
    expect(stages[0]?.updates[0]?.graph.inputs.map((v) => v.type.shape)).toEqual([[5, 4]])
  })
  it('a stage is removed, and another one added behind those of the base', () => {
    const { stages } = lowered(
      'remove stage one\nstage three { train head; minimize l; optimizer sgd(lr = 0.1); steps 1 }',
    )
    expect(stages.map((s) => s.name)).toEqual(['two', 'three'])
  })
  it('removed and declared anew in one pipeline', () => {
    expect(lowered('remove param tau\nlet tau = 3.0').params).toEqual({ width: 4 })
  })
  it('a base of a base', () => {
    const files = {
      'main.dcr':
        'use "./middle.dcr" { middle }\npipeline p extends middle { override stage one { steps 5 } }',
      'middle.dcr':
        'use "./base.dcr" { base }\npipeline middle extends base { override stage one { minimize m; steps 4 } }',
      'base.dcr': base,
    }
    const { lowered: found } = analyzeSources(files)
    expect(found?.stages.map((s) => s.steps)).toEqual([5, 7])
    expect(found?.stages[0]?.updates[0]?.graph.nodes.some((n) => n.op === 'ReduceMean')).toBe(true)
  })
})

describe('modules and their parameters', () => {
  const paths = (module: string, model: string): string[] => {
    const { lowered, diagnostics } = analyzeSources(
      `use std.nn { Linear }\n${module}\npipeline p { model m = ${model}; export m }`,
    )
    expect(diagnostics).toEqual([])
    return (lowered?.models[0]?.parameters ?? []).map((p) => p.path)
  }
  it('members and list indices make the path', () =>
    expect(
      paths(
        'module B(n: int) {\n  layers = [Linear(2, 2, use_bias = false) for _ in 0..n]\n  last = Linear(2, 1)\n  scale: float[] = ones\n}',
        'B(2)',
      ).sort(),
    ).toEqual(['last.bias', 'last.weight', 'layers.0.weight', 'layers.1.weight', 'scale']))
  it('holes of a list keep their number', () =>
    expect(
      paths(
        'module B {\n  layers = [if k == 1 { none } else { Linear(2, 2, use_bias = false) } for k in 0..3]\n}',
        'B()',
      ),
    ).toEqual(['layers.0.weight', 'layers.2.weight']))
  it('a module used in two places has one set of parameters, named at the first', () =>
    expect(paths('module B {\n  a = Linear(2, 2)\n  b = a\n}', 'B()').sort()).toEqual(['a.bias', 'a.weight']))
  it('a member whose `if` is false is none behind `?`', () => {
    const module = 'module B(on: bool) {\n  w: float[2] = ones if on\n  fn has() = w? != none\n}'
    expect(valueOf('m.has()', module, 'model m = B(true)')).toBe(true)
    expect(valueOf('m.has()', module, 'model m = B(false)')).toBe(false)
  })
  it('module parameters and static members are read from outside', () =>
    expect(valueOf('(m.n, m.half)', 'module B(n: int) { half = n / 2 }', 'model m = B(8)')).toEqual([8, 4]))
  it('initial values have the bounds of torch', () => {
    const { lowered } = analyzeSources(
      'use std.nn { Linear }\npipeline p { model m = Linear(16, 4); export m }',
    )
    const [weight, bias] = lowered?.models[0]?.parameters ?? []
    // torch.nn.Linear: both uniform in +-1 / sqrt(fan_in)
    for (const p of [weight, bias]) {
      expect(p?.init.kind).toBe('uniform')
      if (p?.init.kind === 'uniform') {
        expect(p.init.high).toBeCloseTo(0.25, 12)
        expect(p.init.low).toBeCloseTo(-0.25, 12)
      }
    }
  })
  it('`train` names models, parts, ranges and patterns', () => {
    const module =
      'module B {\n  ls = [Linear(2, 2) for _ in 0..3]\n  fn forward(x) { for l in ls { x = l(x) }; x }\n}'
    const trained = (path: string): string[] => {
      const { lowered, diagnostics } = analyzeSources(
        `use std.nn { Linear }\n${module}\npipeline p { model m = B(); stage s { train ${path}; minimize mean(m(draw normal of [1, 2])); optimizer sgd(lr = 0.1); steps 1 } }`,
      )
      expect(diagnostics).toEqual([])
      return (lowered?.stages[0]?.updates[0]?.trained ?? []).map((t) => t.path)
    }
    expect(trained('m').length).toBe(6)
    expect(trained('m.ls[1]')).toEqual(['ls.1.weight', 'ls.1.bias'])
    expect(trained('m.ls[-1].bias')).toEqual(['ls.2.bias'])
    expect(trained('m.ls[1..].weight')).toEqual(['ls.1.weight', 'ls.2.weight'])
    expect(trained('m.ls[0..=1].bias')).toEqual(['ls.0.bias', 'ls.1.bias'])
    expect(trained('m.ls[0].*')).toEqual(['ls.0.weight', 'ls.0.bias'])
    expect(trained('m.*[2]')).toEqual(['ls.2.weight', 'ls.2.bias'])
    expect(trained('m.**.bias')).toEqual(['ls.0.bias', 'ls.1.bias', 'ls.2.bias'])
    expect(trained('m.ls[1..].**.weight')).toEqual(['ls.1.weight', 'ls.2.weight'])
    expect(trained('m.** except m.ls[..].weight except m.ls[0]')).toEqual(['ls.1.bias', 'ls.2.bias'])
    expect(trained('m where rank < 2')).toEqual(['ls.0.bias', 'ls.1.bias', 'ls.2.bias'])
    expect(trained('m where rank >= 2 and kind in [Linear]').length).toBe(3)
  })
  it('a later entry of `train` refines an earlier one that holds all of it and more', () => {
    const source = (train: string): string => `use std.nn { LayerNorm, Linear }
module B {
  norm = LayerNorm(2)
  out = Linear(2, 2)
  fn forward(x) = out(norm(x))
}
pipeline p {
  model m = B()
  stage s { train ${train}; minimize mean(m(draw normal of [1, 2])); optimizer adamw(lr = 0.1, weight_decay = 0.5); steps 1 }
}`
    const { lowered, diagnostics } = analyzeSources(
      source('m { lr = 0.2 }, m where rank < 2 { weight_decay = 0.0 }, m.norm.bias { lr = 0.3 }'),
    )
    expect(diagnostics).toEqual([])
    const [stage] = lowered?.stages[0]?.updates ?? []
    const settings = Object.fromEntries(
      (stage?.trained ?? []).map(({ path, group }) => {
        const { lr, weight_decay: decay } = stage?.groups[group]?.settings ?? {}
        return [path, [lr, decay]]
      }),
    )
    expect(settings).toEqual({
      'norm.weight': [0.2, 0],
      'norm.bias': [0.3, 0],
      'out.weight': [0.2, 0.5],
      'out.bias': [0.2, 0],
    })
    const twice = (path: string): string => `stage/trained-twice: \`${path}\` is trained by two groups`
    expect(problems(source('m.out, m.** where rank < 2 { lr = 0.2 }'))).toEqual([twice('m.out.bias')])
    expect(problems(source('m.out, m'))).toEqual([twice('m.out.weight')])
    expect(problems(source('m.norm, m where kind in [LayerNorm]'))).toEqual([twice('m.norm.weight')])
  })
})

describe('data sets', () => {
  it('whose fields have sizes that lead back to them are told as a circle of names', () => {
    const source = (size: string): string => `
pipeline p {
  data mnist = mnist(split = "train", size = 8) rows 1 { image: f32[3, 8, ${size}] = image }
  let n = len(shape(mnist.image))
}`
    expect(problems(source('mnist'))[0]).toMatch(/^name\/cycle/)
    expect(problems(source('n'))[0]).toMatch(/^name\/cycle/)
  })
})

describe('nothing is silent: a rule, and its nearest miss', () => {
  const stage = (clauses: string, items = '', declarations = ''): string[] =>
    problems(`use std.nn { Linear }
${declarations}
pipeline p {
  data mnist = mnist(split = "train", size = 8) rows 32 { image: f32[3, 8, 8] = image }
  model head = Linear(192, 10)
  let x = head(reshape(mnist.image, [32, 192]))
  ${items}
  stage s { train head; optimizer sgd(lr = 0.1); ${clauses} }
}`).map((problem) => problem.slice(0, problem.indexOf(':')))
  const plainLoss = 'minimize mean(square(x)); steps 10'
  const eyeLike = 'let eye_like = cast(eye(32), f32)'
  const contrastive = 'minimize mean(logsumexp(x @ transpose(x, [1, 0]))); steps 10'
  const cases: readonly (readonly [rule: string, wrong: string[], right: string[]])[] = [
    [
      'name/unused',
      stage(plainLoss, 'let z = mean(x)'),
      stage(`${plainLoss}; monitor m = z`, 'let z = mean(x)'),
    ],
    [
      'name/unused',
      stage(plainLoss, '', 'use std.nn { LayerNorm }'),
      stage(plainLoss, 'let n = LayerNorm(3)\nexport head\nmodel o = n', 'use std.nn { LayerNorm }').filter(
        (c) => c !== 'name/unused',
      ),
    ],
    [
      'name/unused',
      stage(plainLoss, 'param tau: float = 1.0'),
      stage(`minimize tau * mean(x); steps 10`, 'param tau: float = 1.0'),
    ],
    ['stage/unknown-clause', stage(`${plainLoss}; warmup 3`), stage(`${plainLoss}; save_every 3`)],
    [
      'stage/warmup-too-long',
      stage(`${plainLoss}; schedule cosine(warmup = 10)`),
      stage(`${plainLoss}; schedule cosine(warmup = 9)`),
    ],
    [
      'call/arguments',
      stage(`${plainLoss}; schedule constant(warmup = 5)`),
      stage(`${plainLoss}; schedule linear_warmup(warmup = 5)`),
    ],
    [
      'stage/unreachable-parameter',
      stage('minimize mean(square(stop_gradient(x))); steps 10'),
      stage('minimize mean(x * stop_gradient(x)); steps 10'),
    ],
    ['stage/coupled-accumulation', stage(`${contrastive}; accumulate 2`), stage(contrastive)],
    [
      'stage/coupled-accumulation',
      stage(`${contrastive}; accumulate 2`),
      stage(`${plainLoss}; accumulate 2`),
    ],
    [
      // A token that is the same for every row couples none; one that is not does.
      'stage/coupled-accumulation',
      stage('minimize mean(square(concat([x, eye_like], axis = 1))); steps 10; accumulate 2', eyeLike),
      stage(
        'minimize mean(square(concat([x, expand(ones([2]), [32, 2])], axis = 1))); steps 10; accumulate 2',
      ),
    ],
    [
      'stage/no-data',
      stage('minimize mean(head(ones([1, 192]))); steps 10; monitor m = mean(x)'),
      stage('minimize mean(head(draw normal of [1, 192])); steps 10; monitor m = mean(x)'),
    ],
    [
      'stage/trained-twice',
      stage(`${plainLoss}; train head.bias, head`).filter((c) => c !== 'stage/duplicate-clause'),
      stage(plainLoss),
    ],
  ]
  cases.forEach(([rule, wrong, right], k) =>
    it(`${rule} (${k + 1})`, () => {
      expect(wrong).toEqual([rule])
      expect(right).toEqual([])
    }),
  )
  it('inherited declarations and those of the library are not reported', () => {
    const base = `use std.nn { Linear }
pipeline base {
  model head = Linear(4, 4)
  let x = draw normal of [2, 4]
  loss l = mean(head(x))
  loss m = mean(square(head(x)))
  stage one { train head; minimize l; optimizer sgd(lr = 0.1); steps 3; monitor q = m }
}`
    const main = 'use "./base.dcr" { base }\npipeline p extends base { remove stage one\n  export head }'
    expect(problems({ 'main.dcr': main, 'base.dcr': base })).toEqual([])
  })
})
