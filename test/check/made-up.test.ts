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
    'fn f(y) { few = classes < 10; if few { net(y)[:, 20:30] + y[:, :5] } else { y } }; monitor m = mean(f(x))',
  ],
  'an arm that reads what the same param chooses': [
    'fn f(y) = if wide { either(y) } else { y }; monitor m = mean(f(x))',
  ],
}

describe('a function of a pipeline that nothing calls sees its models and values', () => {
  for (const [name, [text, ...told]] of Object.entries(inPipeline))
    it(name, () => {
      const [functions = '', monitor = ''] = text.split(/(?=monitor )/)
      const source = `pipeline p {
  param wide: bool = false
  param classes: int = 10
  data d = mnist(split = "test", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  model net = Linear(192, classes)
  model either = if wide { Linear(192, 2) } else { Linear(7, 2) }
  let x = flatten(d.image, 1)
  ${functions}
  stage s { train net; minimize mean(net(x)); optimizer adamw(lr = 1e-3); steps 2; ${monitor} }
}`
      expect(found(source).filter((d) => !d.startsWith('name/unused'))).toEqual(told)
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
