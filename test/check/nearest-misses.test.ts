import { describe, expect, it } from 'vitest'
import { problems } from './analyze.js'

/** What looks like a mistake and is none: each a monitor's value over declarations and items. */
interface Miss {
  readonly value: string
  readonly declarations?: string
  readonly items?: string
}

const misses: Readonly<Record<string, Miss>> = {
  'a number given where a float is wanted': {
    value: 'f(mean(x), 2)',
    declarations: 'fn f(x, tau: float) = x / tau',
  },
  'a number where a scalar tensor is wanted': { value: 'f(2)', declarations: 'fn f(x: float[]) = x + 1' },
  'exact division of ints': { value: 'mean(reshape(x, [32, 192 / 3, 3]))' },
  'a float divided by an int that it does not hold exactly': { value: 'mean(x) * (float(192) / 5)' },
  'broadcasting over a new axis': { value: 'mean(logits - target[:, None])' },
  'broadcasting a size of 1': { value: 'mean(x * mean(x, axis = 1, keep = true))' },
  'a matrix product of matching widths': { value: 'mean(logits @ transpose(logits, [1, 0]))' },
  'the last index, from both ends': { value: 'mean(x[31] + x[-32])' },
  'a slice that ends behind the end': { value: 'mean(x[0:1000])' },
  'an `if` on a static comparison': { value: 'mean(if len([1, 2]) == 2 { x } else { -x })' },
  'an `if` on whether a tensor is there': {
    value: 'mean(f(x)) + mean(f(x, x))',
    declarations: 'fn f(x, m = none) = if m == none { x } else { x + m }',
  },
  'a choice element by element': { value: 'mean(where(x > 0.0, x, -x))' },
  'a local that both branches set': {
    value: 'mean(f(x, true))',
    declarations: 'fn f(x, on: bool) {\n  if on { y = x } else { y = -x }\n  y\n}',
  },
  'a local named as a function': { value: 'mean(f(x))', declarations: 'fn f(x) { mean = x * 2.0\n  mean }' },
  'a parameter named as a function of the library': {
    value: 'mean(f(x, 2.0))',
    declarations: 'fn f(x, norm) = x * norm',
  },
  "a value named as an operator's function": { value: 'mean(x) * len', items: 'let len = 3' },
  'names that JavaScript knows': { value: 'mean(x) * constructor', items: 'let constructor = 3' },
  'positional and named arguments mixed': { value: 'mean(softmax(logits, axis = 1))' },
  'all arguments by name, in another order': {
    value: 'f(b = 1.0, a = mean(x))',
    declarations: 'fn f(a, b) = a - b',
  },
  'an unnamed tuple index': { value: 'mean(x) * (1, 2)[0]' },
  'a list of modules with a hole': {
    value: 'mean(net(x))',
    declarations:
      'module Net {\n  ls = [Linear(192, 192), none]\n  fn forward(x) { for l in ls { if l != none { x = l(x) } }; x }\n}',
    items: 'model net = Net()',
  },
  'module types, members and layers chosen when the file is compiled': {
    value: 'mean(chosen(x)) + mean(plain(x))',
    declarations: `use std.nn { LayerNorm }
module Scale(d: int) { weight: float[d] = ones; fn forward(x: float[...s, d]) -> float[...s, d] = x * weight }
module Chosen(d: int, norm: string, deep: bool = true) {
  Norm = match norm { "layer" => LayerNorm, "scale" => Scale, _ => none }
  norm1 = if Norm == none { none } else { Norm(d) }
  act = if deep { relu } else { gelu }
  layers = [if k == 1 { none } else { Linear(d, d) } for k in 0..3]
  bias: float[d] = zeros if deep
  fn forward(x: float[b, d]) -> float[b, 2 * d / 2] {
    for (k, l) in enumerate(layers) { if l != none { x = act(l(x)) } }
    x = if norm1 == none { x } else { norm1(x) }
    if bias? == none { x } else { x + bias }
  }
}`,
    items: 'model chosen = Chosen(192, "scale")\n  model plain = Chosen(192, "none", deep = false)',
  },
  'lists of many kinds, functions and modules among them': {
    value: 'mean(if xs[0] == none { xs[1](x) } else { x }) * len(xs[2:])',
    declarations: 'fn twice(x) = 2.0 * x',
    items: 'let xs = reverse(concat([1, "a", (2, 3), { c: none }, Linear, twice], [none]))',
  },
  'a text of the type that has no arm of its own': {
    value: 'mean(match goal { "eps" => x, _ => -x }) + mean(match how { "sum" => x, other => -x })',
    items:
      'param goal: "eps" | "velocity" = "eps"\n  param how: "sum" | "mean" = "sum"\n  let other = "mean"',
  },
  'an arm for a text that nothing here gives, where any text may come': {
    value:
      'mean(f("a", x)) + mean(f(goal, x)) + mean(g(goal, x)) + mean(g("a", x)) + mean(match any { "a" => x, "b" => -x })',
    declarations:
      'fn f(how, x) = match how { "a" => x, "b" => -x, "c" => 2.0 * x }\nfn g(how, x) = match how { "a" => 3.0 * x, "b" => x, "c" => -x }',
    items: 'param goal: "a" | "b" = "a"\n  param any: string = "a"',
  },
  'an arm that one of two values takes': {
    value: 'mean(f(first, x)) + mean(f(second, x))',
    declarations: 'fn f(how, x) = match how { "a" => x, "b" => -x, "c" => 2.0 * x, _ => x }',
    items: 'param first: "a" | "b" = "a"\n  param second: "b" | "c" = "b"',
  },
  'a text out of few given to what takes more, or any': {
    value: 'mean(f(goal, x)) + mean(if goal + "s" == "c" { x } else { -x })',
    declarations: 'fn f(how: "a" | "b" | "c", x) = match how { "a" => x, "b" => -x, "c" => 2.0 * x }',
    items: 'param goal: "a" | "b" = "a"',
  },
  'texts that an arm around keeps away': {
    value: `mean(match goal {
      "a" => x
      "b" | "c" => match goal { "b" => -x, "c" => 2.0 * x }
      _ => match goal { "d" => 3.0 * x, "e" => 4.0 * x }
    })`,
    items: 'param goal: "a" | "b" | "c" | "d" | "e" = "b"',
  },
  'a comparison with each text of the type': {
    value: 'mean(if goal == "a" { x } else { if "b" != goal { -x } else { 2.0 * x } })',
    items: 'param goal: "a" | "b" | "c" = "a"',
  },
  'a text or nothing': {
    value: 'mean(match how { "a" => x, none => -x }) + mean(if how == "a" { x } else { -x })',
    items: 'param how: "a" | none = none',
  },
  'a name of a dimension that arithmetic gives': {
    value: 'mean(heads(4, x))',
    declarations: 'fn heads(h: int, x: float[b, h * d]) -> float[b, h, d] = reshape(x, [b, h, d])',
  },
  'a size that a parameter behind the tensor gives': {
    value: 'mean(heads(x, 4)) + mean(heads(x, r = 8, scale = 2)) + mean(rows(x)) + mean(rows(x, 32))',
    declarations:
      'fn heads(x: float[b, r * d], r: int, scale = 1.0) -> float[b, r, d] = reshape(x, [b, r, d]) * scale\nfn rows(x: float[r, h], r: int = 32) -> float[r] = mean(x, axis = 1)',
  },
  'an initial value that is arithmetic': {
    value: 'mean(scaled(x))',
    declarations: 'module Scaled(d: int) { w: float[d] = 1 / float(d); fn forward(x) = x * w }',
    items: 'model scaled = Scaled(192)',
  },
  'tensors of one shape stacked': { value: 'mean(stack([x, -x]))' },
  'a frozen part beside a trained one': {
    value: 'mean(x)',
    items:
      'model other = Linear(192, 2)\n  stage second { train head; freeze other; minimize mean(square(head(x) + mean(other(x)))); optimizer adamw(lr = 1e-3); steps 10 }',
  },
  'an absent member behind `?`': {
    value: 'mean(no_bias(x))',
    items: 'model no_bias = Linear(192, 2, use_bias = false)',
  },
  'pairs of rows with a mean along the row': { value: 'mean(mean(x[i] * x[j], axis = 1) for i, j in 32)' },
  'pairs with a value captured': {
    value: 'mean(x[i] * weight for i, j in 32)',
    items: 'let weight = mean(x)',
  },
  'a gradient with respect to a value on the way': { value: 'norm(grad(mean(square(logits)), x))' },
  'iterate behind stop_gradient in a monitor': {
    value: 'mean(iterate(3, stop_gradient(logits), f))',
    declarations: 'fn f(x, k) = 0.5 * x',
  },
  'the same rows read twice': { value: 'mean(mnist.image)' },
  'a second data set with other rows': {
    value: 'mean(more.image)',
    items: 'data more = mnist(split = "test", size = 8) rows 7 { image: f32[3, 8, 8] = image }',
  },
  'recursion that ends': {
    value: 'mean(f(x, 50))',
    declarations: 'fn f(x, n: int) = if n == 0 { x } else { f(x, n - 1) }',
  },
  'one arm for several values': {
    value: 'mean(act("silu", x))',
    declarations: 'fn act(name: string, x) = match name { "silu" | "swish" => silu(x), _ => x }',
  },
  'a value that another one hides in a comprehension': { value: 'mean(x) * len([x for x in 0..3])' },
  'an integer tensor and a whole number': { value: 'mean(cast(mnist.digit + 1, f32))' },
  'a file-level value used by a pipeline': { value: 'mean(x) * scale', declarations: 'let scale = 2' },
  'a record with one field changed': {
    value: 'mean(x) * (c with { b: 3 }).b',
    items: 'let c = { a: 1, b: 2 }',
  },
  'the gradient of a loss by all that is trained, and by a model': {
    value: 'norm(grad(a, trained)) + norm(grad(a, head)) + norm(-grad(a, [head]) / 2.0)',
    items: 'loss a = mean(logits)',
  },
  'an imported model with another batch than it was exported with': {
    value: 'mean(square(encoder(pixels = mnist.image)))',
    items: 'model encoder = onnx("onnx_conv_dynamo.onnx")',
  },
  'several imported models of one file': {
    value: 'mean(first(mnist.image).token - second(mnist.image).token)',
    items: 'model first = onnx("onnx_vit_dynamo.onnx")\n  model second = onnx("onnx_vit_dynamo.onnx")',
  },
  'a value that stands behind its use': {
    value: 'mean(first)',
    items: 'let first = second\n  let second = x',
  },
}

/** What a stage minimizes, trains and accumulates, each beside a mistake. */
const objectives: Readonly<Record<string, string>> = {
  'averages, and the share of steps of a condition':
    'train head; minimize first + second; ema 0.999; monitor low = share(first < 0.5 and second > 0.0) every 3',
  'an adapter, and what stands beside its layers': 'train enc { lr = 1e-4 }, other; minimize first + second',
  'an adapter with dropout in a function of pairs':
    'train enc; minimize mean(head(x[i] - x[j]) for i, j in 32)',
  'an adapter with its biases, by a gradient': 'train low; minimize grad(first + second, low)',
  'a gradient of what is trained': 'train head, other; minimize grad(first + second, trained)',
  'a gradient by models, one from each loss':
    'train head, other; minimize grad(first, head) + grad(second, other)',
  'losses that each reach a part of what is trained':
    'train head, other; minimize pcgrad([grad(first, trained), grad(second, trained)])',
  'a gradient over micro-batches, weighted inside the loss':
    'train head; accumulate 2; minimize grad(stop_gradient(second) * first, trained) * 2.0',
  'a gradient weighted by a value of the batch, without micro-batches':
    'train head; minimize second * grad(first, trained)',
}

describe('stages that are right are not complained about', () => {
  for (const [name, clauses] of Object.entries(objectives)) {
    it(name, () => {
      const source = `use std.nn { Linear }
use std.surgery { pcgrad }
pipeline p {
  data mnist = mnist(split = "train", size = 8) rows 32 {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  model head = Linear(192, 10)
  model other = Linear(192, 10)
  adapter enc = lora(head, rank = 1, alpha = 0.5, dropout = 0.5)
  adapter low = lora(other, rank = 200, train_bias = true)
  let x = reshape(mnist.image, [32, 192])
  let target = cast(mnist.digit, f32)
  loss first = mean(square(head(x)[:, 0] - target))
  loss second = mean(square(other(x)[:, 0] - target))
  stage fit { optimizer adamw(lr = 1e-3); steps 100; monitor one = norm(grad(first, head)) + second; ${clauses} }
}`
      const found = problems(source).filter((p) => !/^name\/unused: (import `pcgrad`|adapter)/.test(p))
      expect(found).toEqual([])
    })
  }
})

describe('what is right is not complained about', () => {
  for (const [name, { value, declarations = '', items = '' }] of Object.entries(misses)) {
    it(name, () => {
      const source = `use std.nn { Linear }

${declarations}

pipeline p {
  data mnist = mnist(split = "train", size = 8) rows 32 {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  model head = Linear(192, 10)
  stage fit {
    train head
    minimize mean(square(logits[:, 0] - target))
    optimizer adamw(lr = 1e-3)
    steps 100
    monitor m = ${value}
  }
  let x = reshape(mnist.image, [32, 192])
  let logits = head(x)
  let target = cast(mnist.digit, f32)
  ${items}
}`
      expect(problems(source)).toEqual([])
    })
  }
})

it('micro-batches of as many rows as a mask of dropout has words', () => {
  const source = `use std.nn { Linear }
pipeline p {
  data mnist = mnist(split = "train", size = 8) rows 2 { image: f32[3, 8, 8] = image }
  model head = Linear(192, 10)
  adapter enc = lora(head, rank = 1, alpha = 0.5, dropout = 0.5)
  loss size = mean(square(head(flatten(mnist.image, 1))))
  stage fit { train enc; minimize size; optimizer adamw(lr = 1e-3); steps 100; accumulate 2 }
}`
  expect(problems(source)).toEqual([])
})
