import { describe, expect, it } from 'vitest'
import { checkFile } from '../../src/compiler/check-file.js'
import { readLibrary, requestOf } from './analyze.js'
import { readdirSync } from 'node:fs'

const found = (source: string): string[] =>
  checkFile(requestOf(`use std.nn { Conv2d, GroupNorm, Linear }\n${source}`)).map(
    ({ code, span }) => `${code} ${span.start === 0 ? '' : source.slice(span.start - 41, span.end - 41)}`,
  )

/** Functions and modules that are right for some arguments, by what makes it hard to see. */
const right: Readonly<Record<string, string>> = {
  'an int that is an axis': 'fn f(x: float[...s], axis: int) = softmax(x, axis = axis)',
  'an int that is an axis behind another one':
    'fn f(x: float[b, n, d], groups: int, axis: int) = mean(x, axis = axis) * groups',
  'an int that is an index': 'fn f(x: float[b, n], k: int) = x[:, k]',
  'sizes that divide each other':
    'fn f(x: float[b, n, c], heads: int) = reshape(x, [0, 0, heads, c / heads])',
  'sizes that multiply to a third':
    'fn f(x: float[b, c], h: int, w: int) = mean(reshape(x, [0, h, w]), axis = [1, 2])',
  'groups of channels':
    'module M(c: int) { norm = GroupNorm(4, c); fn forward(x: float[b, c, h, w]) = norm(x) }',
  'a size that the type leaves open':
    'module M(d: int) { l = Linear(d, d); fn forward(x: float[n, e]) = l(x) }',
  'two sizes that the type leaves open':
    'module M() { weight: float[8, 5] = ones; fn forward(x: float[n, e]) = x + weight }',
  'rows that two arguments share without saying so': 'fn f(x: float[n, d], y: float[m, d]) = x * y',
  'a member that is there where a flag says so': `module M(d: int, deep: bool) {
  bias: float[d] = zeros if deep
  layer = if deep { Linear(d, d) } else { none }
  fn forward(x: float[n, d]) = if deep { layer(x) + bias } else { x }
}`,
  'arguments that belong together': `fn f(x: float[n], m: float[n] | none = none, masked: bool = false) =
  if masked { x + m } else { x }`,
  'kinds of modules by a text': `module A(d: int) { l = Linear(d, d); fn one(x) = l(x) }
module B(d: int) { l = Linear(d, d); fn two(x) = l(x) }
module M(d: int, kind: string) {
  body = match kind { "a" => A(d), _ => B(d) }
  fn forward(x: float[n, d]) = match kind { "a" => body.one(x), _ => body.two(x) }
}`,
  'an argument without a type': 'fn f(x, g) = g(x.first.second) + x[0]',
  'a default that is a size': 'fn f(x: float[n, d], k: int = n, m: int = k) = x * m',
  'a default that is a later size of an earlier argument':
    'fn f(x: float[h * r], w: int, r: int = 2 * w) = mean(x) * r',
  'a size that a later argument gives': 'fn f(x: float[h * r, w], r: int) = reshape(x, [h, r, w])',
  recursion: 'fn f(x: float[n], k: int) = if k == 0 { x } else { f(x, k - 1) }',
  'a list of any length': `module M(depths: [int]) {
  stages = [[Linear(4, 4) for _ in 0..depth] for depth in depths]
  fn forward(x: float[n, 4]) { for s in stages { for l in s { x = l(x) } }; x }
}`,
  'bounds in order': 'fn f(low: float, high: float) = draw uniform(low, high) of [4]',
  'a kernel of any size': 'fn f(x: float[b, 3, h, w], weight: float[c, 3, k, k]) = mean(conv(x, weight))',
  'a name that both arms set to what differs': `fn f(x: float[n, d], on: bool) {
  if on { y = x } else { y = [x] }
  if on { mean(y) } else { mean(y[0]) }
}`,
}

describe('what nothing calls may be right for some arguments', () => {
  for (const [name, source] of Object.entries(right))
    it(name, () => {
      expect(found(source)).toEqual([])
    })
})

/** What is wrong for all arguments, with what is told. */
const wrong: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'a text in arithmetic': ['fn f(x: float[n]) = x + "a"', 'type/mismatch "a"'],
  'a field that a record lacks': ['record R { a: int }\nfn f(r: R) = r.b', 'name/unknown-field b'],
  'an argument that a function lacks': ['fn f(x: float[n]) = mean(x, dim = 0)', 'call/arguments dim'],
  'a result of another size': ['fn f(x: float[n, d]) -> float[n, d + 1] = x', 'shape/mismatch x'],
  'layers that do not fit': [
    'module M(d: int, h: int) { a = Linear(d, h); fn forward(x: float[n, d]) = a(a(x)) }',
    'shape/mismatch a(x)',
  ],
  'both of two arms': [
    'fn f(x: float[n], on: bool) = if on { x.a } else { x.b }',
    'name/unknown-field a',
    'name/unknown-field b',
  ],
  'a function in a function': ['fn f(x: float[n]) { fn g(y: float[n]) = y.a; x }', 'name/unknown-field a'],
  'a default of another type': ['fn f(x: float[n], k: int = "two") = x', 'type/mismatch k: int = "two"'],
  'a value that nothing reads': ['let a = 1 + "a"', 'type/mismatch "a"'],
  'a member of a module': ['module M(d: int) { l = Linear(d, bias = 1) }', 'call/arguments bias'],
}

describe('what nothing calls is wrong where no arguments make it right', () => {
  for (const [name, [source, ...told]] of Object.entries(wrong))
    it(name, () => {
      expect(found(source)).toEqual(told)
    })
})

it('what one pipeline of a file calls is not looked at with other sizes', () => {
  const pipeline = (name: string, model: string): string => `pipeline ${name} {
  data d = mnist(split = "test", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  model net = ${model}
  stage s { train net; minimize mean(net(flatten(d.image, 1))); optimizer adamw(lr = 1e-3); steps 2 }
}`
  const twice =
    'module Twice(d: int, h: int) { a = Linear(d, h); fn forward(x: float[n, d]) -> float[n, h] = a(a(x)) }\n'
  const errors = (source: string): string[] => found(source).filter((told) => !told.startsWith('name/unused'))
  const other = pipeline('other', 'Linear(192, 2)')
  expect(errors(twice + other)).toEqual(['shape/mismatch a(x)'])
  expect(errors(`${twice}${pipeline('calls', 'Twice(192, 192)')}\n${other}`)).toEqual([])
})

/** Functions of a pipeline that nothing calls, with what is told of them besides that. */
const inPipeline: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'a model and values of the pipeline that fit': [
    'fn f(y: float[n, 192]) = net(y)[:, :classes] + mean(net(x)) + x[0, 0]',
  ],
  'a model that does not fit': ['fn f(y: float[n, 192]) = net(net(y))', 'shape/mismatch net(y)'],
  'values of the pipeline that do not fit': [
    'fn f(y: float[n]) = mean(x[:, :100] + x) + mean(y)',
    'type/operator x[:, :100] + x',
  ],
  'an argument that a function lacks': ['fn f(y: float[n]) = mean(y, dim = 0)', 'call/arguments dim'],
  'a model that a param chooses': ['fn f(y: float[n, 192]) = either(y)'],
  'a model that a param chooses, in another function': [
    'fn f(y: float[n, 192]) = g(y) + y; fn g(y: float[n, 192]) = either(y)',
  ],
  'a value that a param chooses': ['let part = if wide { x } else { x[0] }; fn f() = part[:, 1]'],
  'an arm of a function that is called': [
    'fn f(y: float[n, k]) = if wide { y + "a" } else { y }; monitor m = mean(f(x))',
    'type/mismatch "a"',
  ],
  'an arm for another number': [
    'fn f(y: float[n, 192]) { few = classes < 10; if few { net(y) + y[:, :5] } else { y } }; monitor m = mean(f(x))',
  ],
  'an arm that reads what the same param chooses': [
    'fn f(y: float[n, 192]) = if wide { either(y) } else { y }; monitor m = mean(f(x))',
  ],
}

describe('a function of a pipeline that nothing calls sees its models and values', () => {
  for (const [name, [text, ...told]] of Object.entries(inPipeline))
    it(name, () => {
      const [functions = '', monitor = ''] = text.split(/(?=monitor )/)
      expect(toldOf(functions, { monitor })).toEqual(told)
    })
})

/** What is told of a pipeline with declarations and clauses, besides what is unused. */
function toldOf(
  declarations: string,
  {
    monitor = '',
    minimize = 'mean(net(x))',
    optimizer = 'adamw(lr = 1e-3)',
    steps = '2',
    behind = '',
  }: Partial<Record<'monitor' | 'minimize' | 'optimizer' | 'steps' | 'behind', string>> = {},
): readonly string[] {
  const source = `pipeline p {
  param wide: bool = false
  param size: "s" | "m" = "s"
  param classes: int = 10
  param width: int = 192
  data d = mnist(split = "test", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  model net = Linear(width, classes)
  model either = if wide { Linear(192, 2) } else { Linear(7, 2) }
  let x = flatten(d.image, 1)
  ${declarations}
  stage s { train net; minimize ${minimize}; optimizer ${optimizer}; steps ${steps}; ${monitor} }
}
${behind}`
  return found(source).filter((d) => !d.startsWith('name/unused'))
}

/** Arms of a pipeline's own values that its params do not take. */
const values: Readonly<Record<string, readonly [Parameters<typeof toldOf>, ...string[]]>> = {
  'an arm of a let': [['let y = if wide { x + "a" } else { x }'], 'type/mismatch "a"'],
  'both arms behind each other': [
    ['let y = match size { "s" => x, "m" => if wide { x.a } else { x.b } }'],
    'name/unknown-field a',
    'name/unknown-field b',
  ],
  'an arm of a loss': [['loss l = mean(if wide { net(net(x)) } else { x })'], 'shape/mismatch net(x)'],
  'an arm in an argument of a model': [
    ['model m = Linear(if wide { "two" + 1 } else { 2 }, 3)'],
    'type/mismatch "two"',
  ],
  'an arm that is another model': [
    ['model m = if wide { Linear(2, 3, width = 4) } else { Linear(2, 3) }'],
    'call/arguments width',
  ],
  'an arm of a param': [['param k: int = if wide { 2 + "a" } else { 3 }'], 'type/mismatch "a"'],
  'an arm in the rows of data': [
    ['data e = mnist(split = if wide { true.a } else { "test" }, size = 8) { image: f32[3, 8, 8] = image }'],
    'name/unknown-field a',
  ],
  'an arm of a next value': [
    ['state m: f32[192] = zeros; next m = if wide { m.a } else { m }'],
    'name/unknown-field a',
  ],
  'an arm of what is minimized': [
    ['', { minimize: 'mean(if wide { net(x) + x } else { net(x) })' }],
    'type/operator net(x) + x',
  ],
  'an arm of a monitor': [
    ['', { monitor: 'monitor m = if wide { mean(x, dim = 0) } else { mean(x) }' }],
    'call/arguments dim',
  ],
  'an arm in a setting of an optimizer': [
    ['', { optimizer: 'adamw(lr = if wide { 1e-3 + "a" } else { 1e-3 })' }],
    'type/mismatch "a"',
  ],
  'an arm of a number of steps': [
    ['', { steps: 'match size { "s" => 2, "m" => 2.a }' }],
    'name/unknown-field a',
  ],
  'a function in an arm': [['let y = if wide { fn(z: float[n]) = z + "a" } else { x }'], 'type/mismatch "a"'],
  'locals of a block in a clause': [
    [
      '',
      {
        minimize: 'if wide { net(x) } else { z = net(x); mean(z) }',
        steps: 'if wide { n = 2; n } else { 3 }',
      },
    ],
  ],
  'arms that fit': [
    ['let y = if wide { net(x) } else { x }; let z = match size { "s" => y, "m" => y[:, :10] }'],
  ],
  'an arm that reads what the same param chooses': [['let y = if wide { either(x) } else { x }']],
  'an arm that another value of a number fits': [
    ['let y = if classes == 4 { net(x) + x[:, :4] } else { x }'],
  ],
  'an arm that fits a number that a function asks': [
    ['fn few() = classes < 5; let y = if few() { net(x) + x[:, :4] } else { x }'],
  ],
  'an arm that fits a number that a variant sets': [
    [
      'let y = if wide { net(x) + x[:, :4] } else { x }',
      { behind: 'ablation a of p { variant few { override param classes = 4 } }' },
    ],
  ],
  'an arm that another value of a text fits, which a module asks': [
    [
      'param k: int = 0; model m = Sized(size); let y = if k == 1 { m(x) + x[:, :9] } else { x }',
      {
        behind:
          'module Sized(size: string) { l = Linear(192, match size { "s" => 2, _ => 9 }); fn forward(x: float[n, 192]) = l(x) }',
      },
    ],
  ],
  'an arm that a variant takes': [
    [
      'let y = if wide { net(x) + x[:, :4] } else { x }; loss l = mean(y)',
      {
        behind:
          'ablation a of p { variant few { override param classes = 4; override param wide = true; override stage s { minimize l } } }',
      },
    ],
  ],
}

describe("arms of a pipeline's own values that its params do not take are checked", () => {
  for (const [name, [given, ...told]] of Object.entries(values))
    it(name, () => {
      expect(toldOf(...given)).toEqual(told)
    })
})

it('only what is said of sizes says that they are made up', () => {
  const source =
    'fn f(x: float[n, d]) { a = x.b; y = concat([x, x[0]]); x }\nfn g(x: float[n, d]) -> float[n, d + 1] = x'
  expect(checkFile(requestOf(source)).map(({ code, why }) => [code, why])).toEqual([
    ['name/unknown-field', undefined],
    ['type/operator', 'nothing gets here yet: the sizes are made up'],
    ['shape/mismatch', 'nothing gets here yet: the sizes are made up'],
  ])
})

describe('the library has no complaints of its own', () => {
  for (const name of readdirSync(new URL('../../pipelines/std', import.meta.url)))
    it(name, () => {
      const entry = `std/${name}`
      expect(checkFile({ entry, files: { read: readLibrary } }).map((d) => d.message)).toEqual([])
    })
})
