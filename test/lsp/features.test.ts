import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from '../../src/compiler/1-parse/index.js'
import { format } from '../../src/compiler/1-parse/format.js'
import { carryOver } from '../../src/lsp/carry-over.js'
import { fullCheck, quickCheck } from '../../src/lsp/check.js'
import { codeActions } from '../../src/lsp/code-actions.js'
import { completion } from '../../src/lsp/completion.js'
import { definition } from '../../src/lsp/definition.js'
import { documentSymbols } from '../../src/lsp/document-symbols.js'
import { formatting } from '../../src/lsp/formatting.js'
import { hover } from '../../src/lsp/hover.js'
import { references } from '../../src/lsp/references.js'
import { rename } from '../../src/lsp/rename.js'
import { offsetAt } from '../../src/lsp/positions.js'
import { Workspace } from '../../src/lsp/workspace.js'
import { apply, project, textAt } from './project.js'

const base = `use std.nn { Linear, LayerNorm as Norm }

/// A layer and its norm.
module Head(d_in: int, d_out: int) {
  dense = Linear(d_in, d_out)
  norm = Norm(d_out)
  fn forward(x: f32[n, d_in]) = norm(dense(x))
}

pipeline base {
  param batch: int = 8
  data rows = mnist(split = "train", size = 32) rows batch {
    image: f32[3, 32, 32] = image
  }
  model head = Head(3 * 32 * 32, 16)
  model other = Linear(16, 16)
  let x = flatten(rows.image, 1)
  let y = head(x)
  loss size = mean(other(y) ** 2)
  stage first {
    train other, head.dense.weight
    minimize size
    optimizer sgd(lr = 0.1)
    steps 10
  }
  stage second {
    train other
    freeze head.norm.weight
    minimize size
    optimizer adamw(lr = 0.1)
    steps 10
  }
  export head
}
`
const derived = `use "./base.dcr" { base }

pipeline derived extends base {
  override let y = 2.0 * head(x)
  remove stage second
}

ablation sizes of derived {
  variant plain {}
  variant twice { override let y = 4.0 * head(x) }
  vary batch in [8, 16]
  seeds 0..=2
}
`
const files = { 'base.dcr': base, 'derived.dcr': derived }

/** The files with a mark before the n-th occurrence of some text of one. */
function marked(file: keyof typeof files, at: string, by = 0) {
  const index = files[file].indexOf(at) + by
  const text = `${files[file].slice(0, index)}¦${files[file].slice(index)}`
  const { workspace, mark } = project({ ...files, [file]: text })
  return { workspace, place: [workspace, file, mark(file)] as const }
}

const contentsOf = (found: ReturnType<typeof hover>): string =>
  typeof found?.contents === 'object' && 'value' in found.contents ? found.contents.value : ''

describe('hover', () => {
  test.each([
    ['let y = head', 4, '`f32[8, 16]`'],
    ['flatten(rows.image', 'flatten('.length + 6, '`f32[8, 3, 32, 32]`'],
    // 16 * 3072 weights and 16 biases of the layer, 16 and 16 of the norm
    ['model head', 6, '49,200 numbers in 4 parameters'],
    ['head.dense.weight', 'head.dense.'.length, 'trained in `first`, frozen in `second`'],
    ['model head', 6, '1 of 4 parameters trained in `first`, frozen in `second`'],
    ['Head(3 * 32', 1, 'A layer and its norm.'],
    ['sgd(lr', 1, 'sgd(lr'],
    ['param batch', 6, 'the number 8'],
    ['fn forward(x: f32[n, d_in]) = norm', 'fn forward(x: f32[n, '.length, 'a parameter of Head'],
  ])('%s tells %s', (at, by, wanted) => {
    expect(contentsOf(hover(...marked('base.dcr', at, by).place))).toContain(wanted)
  })

  test('tells to which type the weights of a model are rounded', () => {
    const text = 'use std.nn { Linear }\npipeline p {\n  model m = Linear(2, 2) as bf16\n}\n'
    const { workspace, mark } = project({ 'as.dcr': text.replace('model m', 'model ¦m') })
    expect(contentsOf(hover(workspace, 'as.dcr', mark('as.dcr')))).toContain('rounded to `bf16`')
  })

  test('a local that has the name of a value of the pipeline is not taken for that value', () => {
    const text = contentsOf(hover(...marked('base.dcr', 'dense(x)', 6).place))
    expect(text).toContain('x: f32[n, d_in]')
    expect(text).not.toContain('3072')
  })
})

describe('definition', () => {
  test.each([
    ['base.dcr', 'Norm(d_out)', 'std/nn.dcr', 'LayerNorm'],
    ['base.dcr', 'dense.weight', 'base.dcr', 'dense'],
    ['base.dcr', 'weight\n', 'std/nn.dcr', 'weight'],
    ['derived.dcr', 'head(x)', 'base.dcr', 'head'],
    ['derived.dcr', 'y = 2.0', 'base.dcr', 'y'],
    ['derived.dcr', 'second', 'base.dcr', 'second'],
    ['derived.dcr', 'batch in', 'base.dcr', 'batch'],
    ['derived.dcr', 'x) }', 'base.dcr', 'x'],
    ['base.dcr', 'weight\n    minimize size\n    optimizer adamw', 'std/nn.dcr', 'weight'],
  ] as const)('in %s of %s', (file, at, where, name) => {
    const { workspace, place } = marked(file, at)
    const found = definition(...place)
    expect(found && workspace.pathOf(found.uri)).toBe(where)
    expect(found && textAt(workspace, found)).toBe(name)
  })
})

test('parts of clauses and sizes are names as everywhere', () => {
  const text = `use std.nn { Linear, LayerNorm }
module Net(d: int) {
  first = Linear(d, d)
  norm = LayerNorm(d)
  fn forward(x: f32[n * k, d], k: int) = norm(first(x)) * n
}
pipeline p {
  param least: int = 2
  model net = Net(4)
  stage s {
    train net.** except net.¦norm.** where rank < ¦least and kind in [¦LayerNorm]
    minimize if true { some = 1.0; ¦some } else { 0.0 }
  }
}
fn f(x: f32[n * 2]) = x * ¦n
`
  const { workspace, mark } = project({ 'a.dcr': text })
  const plain = text.replaceAll('¦', '')
  const declared = ['norm = ', 'least: ', 'LayerNorm(p', 'some = ', 'n * 2'].map((at) => plain.indexOf(at))
  const found = declared.map((_, k) => definition(workspace, 'a.dcr', mark('a.dcr', k)))
  expect(found.map((at) => at && workspace.pathOf(at.uri))).toEqual([
    'a.dcr',
    'a.dcr',
    'std/nn.dcr',
    'a.dcr',
    'a.dcr',
  ])
  const offsets = found.map((at) => at && offsetAt(workspace, 'a.dcr', at.range.start))
  expect(offsets.filter((_, k) => k !== 2)).toEqual(declared.filter((_, k) => k !== 2))
})

test('references are found in files that extend a pipeline, and only of the same thing', () => {
  const { workspace, place } = marked('base.dcr', 'let x', 4)
  const found = references(...place, true)
  expect(found.every((at) => textAt(workspace, at) === 'x')).toBe(true)
  const byFile = found.map(({ uri }) => workspace.pathOf(uri))
  // declared and used twice... the `x` of `forward` is another one
  expect(byFile.filter((f) => f === 'base.dcr')).toHaveLength(2)
  expect(byFile.filter((f) => f === 'derived.dcr')).toHaveLength(2)
})

describe('rename', () => {
  test.each([
    ['let y', 4],
    ['model head', 6],
    ['module Head', 7],
    ['module Head(d_in', 12],
    ['param batch', 6],
    ['Norm(d_out)', 0],
    ['data rows', 5],
    ['dense =', 0],
    ['fn forward(x', 11],
    ['f32[n,', 4],
    ['stage second', 6],
    ['pipeline base', 9],
  ])('of %s leaves programs that check as before', (at, by) => {
    const { workspace, place } = marked('base.dcr', at, by)
    const before = ['base.dcr', 'derived.dcr'].map((f) => fullCheck(f, workspace).map((d) => d.code))
    const old = textAt(workspace, {
      uri: workspace.uriOf('base.dcr'),
      range: hover(...place)?.range ?? range0,
    })
    apply(workspace, rename(...place, 'renamed').changes ?? {})
    const after = ['base.dcr', 'derived.dcr'].map((f) => fullCheck(f, workspace).map((d) => d.code))
    expect(after).toEqual(before)
    expect(workspace.read('base.dcr')).not.toBe(base)
    expect(old).not.toBe('')
  })

  test.each([
    ['dense = Linear', 8, 'renamed', 'standard library'],
    ['let y', 4, 'x', 'already'],
    ['let y', 4, 'let', 'not a name'],
    ['let y', 4, 'two words', 'not a name'],
    ['let y', 4, 'mean', 'function of the language'],
    ['fn forward', 4, 'renamed', 'what a call of the module runs'],
    ['fn forward(x', 11, 'dense', 'already'],
  ])('of %s is refused where it would change meaning', (at, by, to, why) => {
    const { place } = marked('base.dcr', at, by)
    expect(() => rename(...place, to)).toThrow(why)
  })

  test('of a member is refused where the same word is used on a thing of unknown kind', () => {
    const text = 'module ¦A(a: int) {\n  scale = a\n}\nfn f(thing) = thing.scale\n'
    const { workspace } = project({ 'a.dcr': text.replace('¦', '') })
    expect(() => rename(workspace, 'a.dcr', text.indexOf('scale') - 1, 'factor')).toThrow(
      'only a run of the checker',
    )
  })
})

const range0 = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }

describe('completion', () => {
  const labels = (text: string): readonly string[] => {
    const { workspace, mark } = project({ ...files, 'c.dcr': text })
    return completion(workspace, 'c.dcr', mark('c.dcr')).map((item) => item.label)
  }
  test.each([
    ['use std.¦', ['nn', 'clip']],
    ['use std.nn { Li¦ }', ['Linear', 'LayerNorm']],
    ['use "./base.dcr" { ¦ }', ['Head', 'base']],
    ['pipeline p {\n  stage s {\n    ¦\n  }\n}', ['minimize', 'train', 'clip_norm']],
    ['pipeline p {\n  stage s {\n    optimizer ¦\n  }\n}', ['adamw', 'sgd']],
    ['pipeline p {\n  stage s {\n    precision ¦\n  }\n}', ['f32', 'bf16', 'f16']],
    ['pipeline p {\n  model m = Net() from "weights" as ¦\n}', ['f32', 'bf16', 'f16']],
    ['pipeline p {\n  ¦\n}', ['stage', 'model', 'adapter', 'state', 'allow', 'override']],
    ['¦\nfn f(x) = x', ['pipeline', 'ablation', 'module']],
    ['ablation a of p {\n  ¦\n  seeds 0..2\n}', ['variant', 'vary', 'select', 'seeds', 'primary']],
    ['ablation a of p {\n  variant v {\n    ¦\n  }\n}', ['override', 'remove', 'let']],
    [
      'use "./base.dcr" { Head }\npipeline p {\n  model m = Head(¦)\n}',
      ['d_in = ', 'd_out = ', 'Head', 'mean'],
    ],
    [
      'use "./base.dcr" { Head }\npipeline p {\n  model m = Head(1, 2)\n  let w = m.¦\n  let v = 1\n}',
      ['dense', 'norm'],
    ],
    [
      'use "./base.dcr" { Head }\npipeline p {\n  model m = Head(1, 2)\n  stage s {\n    train m.dense.¦\n  }\n}',
      ['weight', 'bias'],
    ],
    ['use "./base.dcr" { base }\npipeline p extends base {\n  let w = ¦\n}', ['x', 'head', 'batch']],
    ['fn f(first, second) {\n  third = 1\n  fi¦\n}', ['first', 'second', 'third']],
  ])('%j offers %j', (text, wanted) => {
    expect(labels(text)).toEqual(expect.arrayContaining(wanted))
  })

  const data = (text: string): string => `pipeline p {
  param size: int = 8
  data all = mnist(split = "test", size = size) rows 4 {
    let shown = resize(image, 8)
    image: f32[3, 8, 8] = shown
  }
  data files = table("a.csv", columns = { picture: "picture", label: "i64[]" }) {
    label: i64[] = label
  }
  ${text}
  let after = 1
}`
  test.each([
    // columns of a source, `let`s of the block, host functions, params
    [
      'data d = table("a.csv", columns = { pic: "picture", kind: "i64[]" }) {\n    let small = resize(pic, 8)\n    kind: i64[] = ¦\n  }',
      ['pic', 'kind', 'small', 'resize', 'random_horizontal_flip', 'size'],
      ['all', 'after', 'mean', 'image'],
    ],
    [
      'data d = mnist(split = "test") {\n    image: f32[3, 8, 8] = resize(¦)\n  }',
      ['image', 'digit', 'size = '],
      ['all', 'pic'],
    ],
    [
      'data d = mnist(split = "test") {\n    ¦\n    digit: i64[] = digit\n  }',
      ['let', 'image'],
      ['digit', 'param', 'stage'],
    ],
    // a declaration that takes rows of another one sees its columns and `let`s
    [
      'data d = limit(all, 3) {\n    image: f32[3, 8, 8] = ¦\n  }',
      ['image', 'digit', 'shown'],
      ['label', 'all'],
    ],
    [
      'data d = mix([all, limit(files, 2)]) {\n    image: f32[3, 8, 8] = ¦\n  }',
      ['image', 'digit', 'shown', 'label'],
      [],
    ],
    [
      'data d = limit(¦, 3)',
      ['all', 'files', 'part', 'limit', 'where', 'mix', 'mnist', 'table'],
      ['d', 'image', 'mean', 'size'],
    ],
    ['data d = mix([all, ¦])', ['all', 'files', 'limit', 'mnist'], ['image', 'mean']],
    ['data d = ¦', ['all', 'part', 'where', 'mix', 'cifar10'], ['image']],
    ['data d = where(files, ¦ < 3)', ['label', 'picture', 'size'], ['all', 'image', 'mean']],
    ['data d = part(all, 0%..80%, by = ¦)', ['digit', 'image', 'shown'], ['label', 'mnist']],
    ['data d = part(all, ¦)', ['range = ', 'by = '], ['digit']],
    ['data d = limit(all, ¦)', ['size', 'count = '], []],
  ])('in data, %j offers %j and not %j', (text, wanted, unwanted) => {
    const found = labels(data(text))
    expect(found).toEqual(expect.arrayContaining([...wanted]))
    expect(unwanted.filter((label) => found.includes(label))).toEqual([])
  })

  test('an override of data sees the columns of what it overrides', () => {
    const found = labels(
      'use "./base.dcr" { base }\npipeline p extends base {\n  override data rows {\n    image: f32[3, 32, 32] = ¦\n  }\n}',
    )
    expect(found).toEqual(expect.arrayContaining(['image', 'digit', 'batch']))
  })

  test('offers nothing in comments and strings, and of a module only what it has', () => {
    expect(labels('// li¦')).toEqual([])
    expect(labels('let a = "li¦"')).toEqual([])
    const members = labels(
      'use "./base.dcr" { Head }\npipeline p {\n  model m = Head(1, 2)\n  let w = m.¦\n}',
    )
    expect(members.toSorted()).toEqual(['d_in', 'd_out', 'dense', 'forward', 'norm'])
  })
})

test('formatting is what `dcrc fmt` writes, and leaves a broken file alone', () => {
  const { workspace } = project({ 'a.dcr': 'let   a=1', 'b.dcr': 'let   a=(' })
  const [edit] = formatting(workspace, 'a.dcr')
  expect(edit?.newText).toBe(format(parse('a.dcr', 'let   a=1').file))
  expect(formatting(workspace, 'b.dcr')).toEqual([])
})

test('a code action applies the fix of a diagnostic', () => {
  const { workspace } = project({ 'a.dcr': 'let a = 1,\n' })
  const found = quickCheck('a.dcr', workspace)
  const [action] = codeActions(workspace, found, 'a.dcr', 9, 9)
  apply(workspace, action?.edit?.changes ?? {})
  expect(workspace.read('a.dcr')).toBe('let a = 1\n')
  expect(codeActions(workspace, found, 'a.dcr', 0, 2)).toEqual([])
})

test('the outline holds declarations with what is in them', () => {
  const { workspace } = project(files)
  const outline = documentSymbols(workspace, 'base.dcr')
  expect(outline.map((s) => s.name)).toEqual(['Head', 'base'])
  expect(outline[1]?.children?.map((s) => s.name)).toEqual([
    'batch',
    'rows',
    'head',
    'other',
    'x',
    'y',
    'size',
    'first',
    'second',
  ])
})

describe('diagnostics', () => {
  test('a file without a pipeline is checked for names and not asked for a pipeline', () => {
    const { workspace } = project({ 'a.dcr': 'fn f(x) = x + nothing\n' })
    expect(fullCheck('a.dcr', workspace).map((d) => d.code)).toEqual(['name/unknown'])
  })

  test('an open buffer counts, not the disk, also for files that use it', () => {
    const { workspace } = project(files)
    expect(fullCheck('derived.dcr', workspace).filter((d) => d.severity === 'error')).toEqual([])
    workspace.open('base.dcr', base.replace('model head', 'model tail').replaceAll('head', 'tail'))
    expect(fullCheck('derived.dcr', workspace).map((d) => d.code)).toContain('name/unknown')
  })

  test('until the next full check they move with the text, and go where it was edited', () => {
    const d = (start: number, end: number) => ({
      code: 'x',
      severity: 'error' as const,
      message: '',
      span: { file: 'a', start, end },
      labels: [],
    })
    const before = 'one two three'
    const all = [d(0, 3), d(4, 7), d(8, 13)]
    const moved = carryOver(all, 'a', before, 'one twooo three')
    expect(moved.map(({ span }) => [span.start, span.end])).toEqual([
      [0, 3],
      [10, 15],
    ])
  })
})

const repository = readdirSync('pipelines', { recursive: true, encoding: 'utf8' }).filter((f) =>
  f.endsWith('.dcr'),
)

test.each(repository)('every name found in %s is written there as the thing is called', (file) => {
  const workspace = new Workspace(process.cwd())
  const path = file.startsWith('std/') ? file : `pipelines/${file}`
  const text = readFileSync(`pipelines/${file}`, 'utf8')
  workspace.open(path, text)
  const found = workspace.index.occurrences(path)
  expect(found.length).toBeGreaterThan(0)
  for (const { span, symbol } of found) expect(text.slice(span.start, span.end)).toBe(symbol.name)
})
