import { describe, expect, it } from 'vitest'
import { parse } from '../../src/compiler/1-parse/index.js'
import { plain } from './plain.js'
import { declarations, expression, show, type } from './show.js'

describe('expressions', () => {
  it.each([
    // literals
    ['2_000', '2000'],
    ['1e-4', '0.0001'],
    ['0.5', '0.5'],
    ['"a\\n\\t\\"\\\\\\u{3c4}"', JSON.stringify('a\n\t"\\τ')],
    ['[true, false, none]', '(list true false none)'],
    // operators: from loosest to tightest, and how they group
    ['a or b and not c == d', '(or a (and b (not (== c d))))'],
    ['a == b + c', '(== a (+ b c))'],
    ['0..n + 1', '(.. 0 (+ n 1))'],
    ['a < 0..n', '(< a (.. 0 n))'],
    ['0.9..=1.0', '(..= 0.9 1)'],
    ['a - b - c', '(- (- a b) c)'],
    ['a + b * c', '(+ a (* b c))'],
    ['a @ b / c', '(/ (@ a b) c)'],
    ['-a * b', '(* (- a) b)'],
    ['-a ** b', '(- (** a b))'],
    ['a ** -b', '(** a (- b))'],
    ['a ** b ** c', '(** a (** b c))'],
    ['2 ** -x ** 2', '(** 2 (- (** x 2)))'],
    ['a * -b + c', '(+ (* a (- b)) c)'],
    ['(a + b) * c', '(* (+ a b) c)'],
    ['not not a', '(not (not a))'],
    ['- -a', '(- (- a))'],
    ['(a < b) < c', '(< (< a b) c)'],
    ['float(d) ** -0.5', '(** (call float d) (- 0.5))'],
    // postfix
    ['f(x, axis = 1,)', '(call f x axis=1)'],
    ['x.f(y).g', '(. (call (. x f) y) g)'],
    ['x.of.in.match', '(. (. (. x of) in) match)'],
    ['bias?', '(? bias)'],
    ['c with { a: 1, b: 2 }', '(with c a:1 b:2)'],
    ['c with { a: 1 }.a', '(. (with c a:1) a)'],
    ['2 * emoji.image - 1', '(- (* 2 (. emoji image)) 1)'],
    // indices
    ['x[0]', '(at x 0)'],
    ['x[1:3]', '(at x 1:3:_)'],
    ['x[:, None, :]', '(at x _:_:_ new-axis _:_:_)'],
    ['x[::2]', '(at x _:_:2)'],
    ['x[::-1]', '(at x _:_:(- 1))'],
    ['x[..., 0]', '(at x ellipsis 0)'],
    ['x[2..]', '(at x (.. 2 _))'],
    ['x[..2, a..b]', '(at x (.. _ 2) (.. a b))'],
    ['x[(None)]', '(at x None)'],
    // collections
    ['[e for x in xs]', '(each e x xs)'],
    ['[f(i, x) for (i, x) in enumerate(xs)]', '(each (call f i x) (i x) (call enumerate xs))'],
    ['(a, b)', '(tuple a b)'],
    ['(a,)', '(tuple a)'],
    ['()', '(tuple)'],
    ['[]', '(list)'],
    ['{ mean: m, std: s }', '(record mean:m std:s)'],
    ['{\n  mean: m\n  std: s\n}', '(record mean:m std:s)'],
    // choices
    ['if c { a } else { b }', '(if c (block -> a) (block -> b))'],
    ['if c { a } else if d { b } else { e }', '(if c (block -> a) (if d (block -> b) (block -> e)))'],
    ['match v { "a" => x, "b" | "c" => y, _ => z }', '(match v "a"=>x "b"|"c"=>y _=>z)'],
    ['match v { "eps" => a, -1 => b,\n none => c }', '(match v "eps"=>a (- 1)=>b none=>c)'],
    // draws and pairs
    ['draw normal of [n, 3]', '(draw normal (of n 3))'],
    ['draw normal like x.y', '(draw normal like (. x y))'],
    ['draw uniform(0, 1) of [n] < p', '(< (draw (call uniform 0 1) (of n)) p)'],
    ['f(fn(x) = x + 1, 2)', '(call f (fn x -> (+ x 1)) 2)'],
    ['[fn(x) = x + k for k in n]', '(each (fn x -> (+ x k)) k n)'],
    ['{ fn f(x) = x; f }', '(block (fn f x -> x) -> f)'],
    ['f(a[i], b[j]) for i, j in n', '(pairs (call f (at a i) (at b j)) i j n)'],
    ['a + b for i, j in n', '(pairs (+ a b) i j n)'],
    ['f(a[i]) for i in n', '(pairs (call f (at a i)) i n)'],
    ['a + b for i in n, j in 2 * m, k in p', '(pairs (+ a b) i n, j (* 2 m), k p)'],
    ['a + b for i, j in n, k in p', '(pairs (+ a b) i j n, k p)'],
    ['a for i in n, j, k in p', '(pairs a i n, j k p)'],
    ['f(a[i] for i in n, b, j)', '(call f (pairs (at a i) i n) b j)'],
    ['f(a[i] for i in n, k in m, axis = 1)', '(call f (pairs (at a i) i n, k m) axis=1)'],
    ['(a for i in n, b)', '(tuple (pairs a i n) b)'],
    ['(a\n  for i in n)', '(pairs a i n)'],
    ['{ y = a\n  for i in n { y = b }; y }', '(block (= y a) (for i n (block (= y b) -> _)) -> y)'],
    ['[a for i in n]', '(each a i n)'],
    // blocks
    ['{ y = x; y }', '(block (= y x) -> y)'],
    ['{}', '(block -> _)'],
  ])('%s', (source, tree) => {
    expect(expression(source)).toBe(tree)
  })
})

describe('line breaks', () => {
  const body = (source: string): string => {
    const [fn] = declarations(`fn f() {\n${source}\n}`)
    return fn?.kind === 'fn' ? show(fn.body) : ''
  }

  it.each([
    [
      'a bracket at the start of a line begins a statement',
      'x = a\n(b, c) = x\nb',
      '(block (= x a) (= (b c) x) -> b)',
    ],
    ['so does a list', 'x = a\n[x, x]', '(block (= x a) -> (list x x))'],
    ['so does a minus', 'x = a\n-x', '(block (= x a) -> (- x))'],
    ['other operators go on', 'a\n+ b\n* c', '(block -> (+ a (* b c)))'],
    ['an operator at the end of a line goes on', 'a -\nb', '(block -> (- a b))'],
    [
      'inside brackets lines mean nothing',
      'f(a\n-b[\nc](\nd))',
      '(block -> (call f (- a (call (at b c) d))))',
    ],
    [
      'inside a block inside brackets they do',
      'f({ x = a\n-x })',
      '(block -> (call f (block (= x a) -> (- x))))',
    ],
    [
      'a `for` after a line is a loop',
      'x = a\nfor i in n { x = i }\nx',
      '(block (= x a) (for i n (block (= x i) -> _)) -> x)',
    ],
    ['statements may share a line', 'x = a; y = b; x', '(block (= x a) (= y b) -> x)'],
    [
      'an `if` without a value is a statement',
      'if c { x = a }',
      '(block (if c (block (= x a) -> _) _) -> _)',
    ],
    [
      'an `if` with one at the end is the result',
      'if c { a } else { b }',
      '(block -> (if c (block -> a) (block -> b)))',
    ],
    ['comments stand anywhere', 'x = // one\n a // two\n// three\nx', '(block (= x a) -> x)'],
  ])('%s', (_, source, tree) => {
    expect(body(source)).toBe(tree)
  })
})

describe('types', () => {
  it.each([
    ['int', 'int'],
    ['int | none', 'int|none'],
    ['"eps" | "velocity"', '"eps"|"velocity"'],
    ['[int]', '[int]'],
    ['[[int] | none]', '[[int]|none]'],
    ['float[...s, d_in]', 'float<...s,d_in>'],
    ['f32[3, 2 * h, h - 1]', 'f32<3,(* 2 h),(- h 1)>'],
    ['float[]', 'float<>'],
  ])('%s', (source, expected) => {
    const [fn] = declarations(`fn f(x: ${source}) = x`)
    const read = fn?.kind === 'fn' ? fn.parameters[0]?.type : undefined
    expect(read && type(read)).toBe(expected)
  })
})

describe('declarations', () => {
  const read = (source: string): unknown => plain(declarations(source))
  const name = (text: string) => ({ text })
  const named = (text: string) => ({ kind: 'name', name: text })
  const typed = (text: string) => ({ kind: 'named-type', name: { text } })

  it('use', () => {
    const { file } = parse('t.dcr', 'use std.nn { Linear, LayerNorm as Norm }\nuse "./dcr.dcr" { dcr }')
    expect(plain(file.uses)).toEqual([
      {
        kind: 'use',
        from: 'std.nn',
        fromKind: 'module',
        names: [{ name: name('Linear') }, { name: name('LayerNorm'), alias: name('Norm') }],
      },
      { kind: 'use', from: './dcr.dcr', fromKind: 'file', names: [{ name: name('dcr') }] },
    ])
  })

  it('module, with its parameters, submodules and functions', () => {
    expect(
      read(
        '/// Dense.\nmodule L(d: int = 3) {\n  /// The bias.\n  b: float[d] = zeros if c\n  act = relu\n  fn forward(x) = x\n}',
      ),
    ).toEqual([
      {
        kind: 'module',
        name: name('L'),
        doc: 'Dense.',
        parameters: [{ name: name('d'), type: typed('int'), default: { kind: 'int', value: 3 } }],
        members: [
          {
            kind: 'weight',
            name: name('b'),
            doc: 'The bias.',
            type: { kind: 'tensor-type', dtype: name('float'), dims: [{ kind: 'dim', value: named('d') }] },
            init: named('zeros'),
            condition: named('c'),
          },
          { kind: 'field', name: name('act'), value: named('relu') },
          { kind: 'fn', name: name('forward'), parameters: [{ name: name('x') }], body: named('x') },
        ],
      },
    ])
  })

  it('a record that mirrors a file', () => {
    const source = [
      'record C from "config.json" {',
      '  text: T = T() from "text_config", "text_config_dict"',
      '  act_fn in ["silu"]',
      '  ignore: int',
      '  ignore common, ignore "dropout"',
      '  eps: float = 1e-5',
      '}',
    ]
    const text = (value: string): object => ({ kind: 'string', value })
    expect(read(source.join('\n'))).toEqual([
      {
        kind: 'record',
        name: name('C'),
        mirrors: name('config.json'),
        fields: [
          {
            name: name('text'),
            type: typed('T'),
            default: { kind: 'call', callee: named('T'), arguments: [] },
            keys: [name('text_config'), name('text_config_dict')],
          },
          { name: name('ignore'), type: typed('int') },
          { name: name('eps'), type: typed('float'), default: { kind: 'float', value: 1e-5 } },
        ],
        rules: [
          { kind: 'fixed', name: name('act_fn'), values: { kind: 'list', items: [text('silu')] } },
          { kind: 'ignored', keys: named('common') },
          { kind: 'ignored', keys: text('dropout') },
        ],
      },
    ])
  })

  it('record, fn and let', () => {
    expect(read('record C { a: int = 1, b }\nfn f(x, y: int) -> float { x }\nlet (p, (q, r)) = t')).toEqual([
      {
        kind: 'record',
        name: name('C'),
        fields: [
          { name: name('a'), type: typed('int'), default: { kind: 'int', value: 1 } },
          { name: name('b') },
        ],
        rules: [],
      },
      {
        kind: 'fn',
        name: name('f'),
        parameters: [{ name: name('x') }, { name: name('y'), type: typed('int') }],
        result: typed('float'),
        body: { kind: 'block', statements: [], result: named('x') },
      },
      {
        kind: 'let',
        pattern: {
          kind: 'tuple-pattern',
          items: [
            { kind: 'name-pattern', name: name('p') },
            {
              kind: 'tuple-pattern',
              items: [
                { kind: 'name-pattern', name: name('q') },
                { kind: 'name-pattern', name: name('r') },
              ],
            },
          ],
        },
        value: named('t'),
      },
    ])
  })

  it('every item of a pipeline', () => {
    const source = `pipeline b extends a {
      override param tau = x
      data d = s rows n { let c = w, image: int = image, override y: int = z }
      override model m = M from w strip "module." ignore "*.a", "b" as bf16
      let l = x
      override fn f() = x
      adapter a = x
      loss dcr = x
      evaluate e = x for s in y
      export m, n
      remove stage align
    }`
    expect(read(source)).toEqual([
      {
        kind: 'pipeline',
        name: name('b'),
        extends: name('a'),
        items: [
          { kind: 'param', name: name('tau'), value: named('x'), override: true },
          {
            kind: 'data',
            name: name('d'),
            source: named('s'),
            rows: named('n'),
            fields: [
              { name: name('image'), type: typed('int'), value: named('image') },
              { name: name('y'), type: typed('int'), value: named('z'), override: true },
            ],
            lets: [{ name: name('c'), value: named('w') }],
          },
          {
            kind: 'model',
            name: name('m'),
            value: named('M'),
            from: named('w'),
            strip: name('module.'),
            ignore: [name('*.a'), name('b')],
            as: name('bf16'),
            override: true,
          },
          { kind: 'let', pattern: { kind: 'name-pattern', name: name('l') }, value: named('x') },
          { kind: 'fn', name: name('f'), parameters: [], body: named('x'), override: true },
          { kind: 'adapter', name: name('a'), value: named('x') },
          { kind: 'loss', name: name('dcr'), value: named('x') },
          {
            kind: 'evaluate',
            name: name('e'),
            value: named('x'),
            over: { name: name('s'), values: named('y') },
          },
          { kind: 'export', models: [name('m'), name('n')] },
          { kind: 'remove', what: name('stage'), name: name('align') },
        ],
      },
    ])
  })

  it('every clause of a stage', () => {
    const source = `pipeline p {
      stage s {
        train a.** except a.b where rank < 2 and kind in [N] { lr = x }, clip.layers[2..].*
        minimize l
        monitor m = x every n
      }
    }`
    const [pipeline] = declarations(source)
    const stage = pipeline?.kind === 'pipeline' ? pipeline.items[0] : undefined
    expect(plain(stage?.kind === 'stage' ? stage.clauses : undefined)).toEqual([
      {
        kind: 'train',
        groups: [
          {
            path: { root: name('a'), segments: [{ kind: 'deep' }] },
            except: [{ root: name('a'), segments: [{ kind: 'field', name: name('b') }] }],
            where: [
              { kind: 'rank', operator: '<', value: { kind: 'int', value: 2 } },
              { kind: 'kind', modules: { kind: 'list', items: [named('N')] } },
            ],
            settings: [{ name: name('lr'), value: named('x') }],
          },
          {
            path: {
              root: name('clip'),
              segments: [
                { kind: 'field', name: name('layers') },
                {
                  kind: 'index',
                  index: { kind: 'range', start: { kind: 'int', value: 2 }, inclusive: false },
                },
                { kind: 'any' },
              ],
            },
            except: [],
            where: [],
            settings: [],
          },
        ],
      },
      { kind: 'clause', name: name('minimize'), value: named('l') },
      { kind: 'monitor', name: name('m'), value: named('x'), every: named('n') },
    ])
  })

  it('words of pipelines as names elsewhere', () => {
    const words = [
      'param',
      'data',
      'model',
      'adapter',
      'loss',
      'stage',
      'evaluate',
      'export',
      'train',
      'monitor',
      'every',
      'from',
      'as',
      'of',
      'like',
    ]
    for (const word of words) {
      expect(expression(`f(${word} = ${word}.${word})`)).toBe(`(call f ${word}=(. ${word} ${word}))`)
      expect(() => declarations(`fn ${word}(${word}: int) {\n  ${word} = 1\n  ${word} + 1\n}`)).not.toThrow()
    }
  })
})

describe('comments and documentation', () => {
  it('keeps comments beside the tree, and documents with the lines directly above', () => {
    const source =
      '/// far\n\n/// one\n/// two\nlet a = 1 /// not this\nlet b = 2\n//// ruler\nlet c = 3\n// plain\nlet d = 4'
    const { file } = parse('t.dcr', source)
    expect(file.declarations.map((d) => d.doc)).toEqual(['one\ntwo', undefined, undefined, undefined])
    expect(file.comments.map((c) => source.slice(c.span.start, c.span.end))).toEqual(
      file.comments.map((c) => c.text),
    )
    expect(file.comments).toHaveLength(6)
  })
})

describe('spans', () => {
  it('cover what they stand for, with the brackets of the parts but not their own', () => {
    const source = 'let a = ((x + y)) * f(z)[0]'
    const { file } = parse('t.dcr', source)
    const found: string[] = []
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      if ('kind' in node && 'span' in node) {
        const { start, end } = node.span as { start: number; end: number }
        found.push(`${String(node.kind)}: ${source.slice(start, end)}`)
      }
      for (const [key, child] of Object.entries(node)) if (key !== 'span') visit(child)
    }
    visit(file.declarations)
    expect(found).toEqual([
      `let: ${source}`,
      'name-pattern: a',
      'binary: ((x + y)) * f(z)[0]',
      'binary: x + y',
      'name: x',
      'name: y',
      'index: f(z)[0]',
      'call: f(z)',
      'name: f',
      'name: z',
      'at: 0',
      'int: 0',
    ])
  })
})
