import type { Settings } from '../../artefact/json.js'
import { badArguments, notFinite, shapeMismatch, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { type Value } from '../../graph/graph.js'
import { formatType, sameShape } from '../../graph/types.js'
import {
  type Given,
  type GivenArguments,
  bindArguments,
  intOf,
  missingArgument,
  numberOf,
} from './arguments.js'
import { wrongValue } from './advice.js'
import { callValue } from './call.js'
import { type Elaboration, fail } from './elaboration.js'
import { items, listed } from './evaluate.js'
import { dropped } from './dropout.js'
import { frozen } from './frozen.js'
import { differentiated, parameterGradient } from './gradient-value.js'
import { onnxModel } from './onnx-model.js'
import { type Val, appended, bool, describe, float, int, list, tensorVal, tuple } from './values.js'

/** A function of the language itself: on static values, or one that makes more than operator nodes. */
export interface SpecialFunction {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly string[]
  call(x: Elaboration, given: GivenArguments): Val
  /** In the block of a data declaration, of a column: the host function that does the same to each row, and its settings. */
  ofRows?(x: Elaboration, span: Span): { readonly function: string; readonly settings: Settings }
}

type Body = (x: Elaboration, args: readonly Given[], given: GivenArguments) => Val

function special(name: string, parameters: readonly string[], doc: string, body: Body): SpecialFunction {
  return {
    name,
    doc,
    parameters,
    call(x, given) {
      const bound = bindArguments(x, name, parameters, given.list)
      const missing = parameters.filter((p) => !bound.has(p))
      if (missing.length > 0) missingArgument(name, missing, parameters, given.span)
      return body(
        x,
        parameters.flatMap((p) => bound.get(p) ?? []),
        given,
      )
    },
  }
}

const itemsOf = ({ value, span }: Given): readonly Val[] => items(value, span)

function tensorOf({ value, span }: Given, where: string): Value {
  if (value.kind === 'tensor') return value.value
  return fail(wrongValue(span, value, { wanted: 'a tensor', where }))
}

const need = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('argument count')
  return value
}

export const specialFunctions: readonly SpecialFunction[] = [
  special(
    'onnx',
    ['path'],
    'The model of an ONNX file, for `model name = onnx("encoder.onnx")`: called with its inputs it gives its output, or a record of several.',
    (x, [path]) => onnxModel(x.binary, need(path)),
  ),
  special('len', ['xs'], 'The number of items of a list.', (_, [xs]) => int(itemsOf(need(xs)).length)),
  special('is_list', ['x'], 'Whether a static value is a list or a tuple.', (_, [x]) => {
    const { kind } = need(x).value
    return bool(kind === 'list' || kind === 'tuple')
  }),
  special('append', ['xs', 'x'], 'A list with one more item at its end.', (_, [xs, item]) => {
    const { value, span } = need(xs)
    return appended(listed(value, span), need(item).value)
  }),
  special(
    'linspace',
    ['start', 'end', 'count'],
    'A list of numbers from start to end, both among them, at equal distances.',
    (x, [start, end, count]) => {
      const first = numberOf(need(start).value, need(start).span, '`start` of `linspace`')
      const rise = numberOf(need(end).value, need(end).span, '`end` of `linspace`') - first
      const { value, span } = need(count)
      const length = intOf(value, span, '`count` of `linspace`')
      if (length < 2)
        return fail(
          wrongType(span, { wanted: 'at least 2', got: String(length), where: '`count` of `linspace`' }),
        )
      x.checkLength(length, span)
      if (!Number.isFinite(rise))
        return fail(notFinite(need(end).span, { what: 'what `linspace` rises by', got: rise }))
      return list(Array.from({ length }, (_, k) => float(first + rise * (k / (length - 1)))))
    },
  ),
  special('cumprod', ['xs'], 'The running products of a list of numbers, as floats.', (_, [xs]) => {
    const { value, span } = need(xs)
    let product = 1
    return list(
      items(value, span).map((item) => {
        product *= numberOf(item, span, '`cumprod`')
        return Number.isFinite(product)
          ? float(product)
          : fail(notFinite(span, { what: 'a product in `cumprod`', got: product }))
      }),
    )
  }),
  special('reverse', ['xs'], 'A list backwards.', (_, [xs]) => list([...itemsOf(need(xs))].reverse())),
  special('zip', ['xs', 'ys'], 'Pairs of items of two lists of equal length.', (_, [xs, ys], given) => {
    const [a, b] = [itemsOf(need(xs)), itemsOf(need(ys))]
    if (a.length !== b.length) {
      return fail(
        wrongType(given.span, {
          wanted: 'lists of equal length',
          got: `${a.length} and ${b.length}`,
          where: '`zip`',
        }),
      )
    }
    return list(a.map((item, k) => tuple([item, need(b[k])])))
  }),
  special('enumerate', ['xs'], '(index, item) of each item of a list.', (_, [xs]) =>
    list(itemsOf(need(xs)).map((item, k) => tuple([int(k), item]))),
  ),
  special('shape', ['x'], 'The dimensions of a tensor, as a list of ints.', (_, [x]) =>
    list(tensorOf(need(x), '`shape`').type.shape.map(int)),
  ),
  special('int', ['x'], 'A static number rounded towards zero.', (_, [v]) =>
    int(Math.trunc(numberOf(need(v).value, need(v).span, '`int`'))),
  ),
  special('float', ['x'], 'A static number as a float: `float(a) / b` is a fraction.', (_, [v]) =>
    float(numberOf(need(v).value, need(v).span, '`float`')),
  ),
  special('floor_div', ['a', 'b'], 'a / b rounded down, for ints.', (_, [a, b]) => {
    const divisor = intOf(need(b).value, need(b).span, '`floor_div`')
    if (divisor === 0)
      return fail(
        wrongType(need(b).span, { wanted: 'a divisor other than 0', got: '0', where: '`floor_div`' }),
      )
    return int(Math.floor(intOf(need(a).value, need(a).span, '`floor_div`') / divisor))
  }),
  special(
    'grad',
    ['loss', 'x'],
    'The gradient of a scalar with respect to a tensor that it is computed from; or, as one value with a tensor for each parameter, with respect to a model, a part or a list of parts of one, or `trained`.',
    (x, [loss, at], given) => {
      const l = tensorOf(need(loss), '`loss` of `grad`')
      if (l.type.shape.length > 0) {
        return fail(
          shapeMismatch(need(loss).span, {
            message: `\`grad\` differentiates a scalar, this is ${formatType(l.type)}`,
            help: '`mean(x)` or `sum(x)` gives a scalar',
          }),
        )
      }
      const { value, span } = need(at)
      if (value.kind === 'tensor')
        return tensorVal(x.build(given.span, (b) => b.op('Gradient', [l, value.value])))
      return parameterGradient(x, l, differentiated(x, value, span), given.span)
    },
  ),
  special(
    'dropout',
    ['x', 'rate'],
    'x with a share `rate` of its entries set to 0, others at each call and step, and the rest divided by 1 - rate. `std.nn` Dropout does so only where `training`.',
    (x, [input, share], given) => {
      const value = tensorOf(need(input), '`x` of `dropout`')
      const { span } = need(share)
      const rate = numberOf(need(share).value, span, '`rate` of `dropout`')
      if (!(rate >= 0 && rate < 1))
        return fail(
          wrongType(span, {
            wanted: 'a share from 0 up to, not including, 1',
            got: String(rate),
            where: '`rate`',
          }),
        )
      if (rate === 0) return tensorVal(value)
      const kept = dropped(x, value, rate, given.span)
      return tensorVal(x.build(given.span, (b) => b.scale(kept, 1 / (1 - rate))))
    },
  ),
  special(
    'frozen',
    ['model'],
    'A model, a part of one or a list of parts, called and read like it: its parameters get no gradient, `training` is false in it and no `next` of it runs. What is computed with it still hands gradients on to its arguments.',
    (_, [model]) => frozen(need(model)),
  ),
  special(
    'share',
    ['condition'],
    'The whole value of a monitor: the share of the monitored steps so far in the stage at which the condition, a bool scalar, held.',
    (_, [condition]) => {
      const { value, span } = need(condition)
      const c = tensorOf(need(condition), '`share`')
      if (c.type.dtype === 'bool' && c.type.shape.length === 0) return { kind: 'share', condition: c }
      const help = 'compare a scalar: `share(x < 0)`'
      return fail(
        wrongType(span, {
          wanted: 'a condition, a bool scalar',
          got: describe(value),
          where: '`share`',
          help,
        }),
      )
    },
  ),
  special(
    'iterate',
    ['n', 'x', 'f'],
    'f(x, k) for k = 0, 1, ..., n-1, each on the result before, as a Loop of the graph. x is a tensor or a tuple of tensors, and f gives the same. A draw in f is another one in each round.',
    iterate,
  ),
]

/** A step of a stage runs them all, and cannot be ended in between; samplers take a thousand. */
const mostRounds = 100_000

function iterate(x: Elaboration, [n, start, f]: readonly Given[], given: GivenArguments): Val {
  const count = intOf(need(n).value, need(n).span, '`n` of `iterate`')
  if (count < 1 || count > mostRounds)
    return fail(
      wrongType(need(n).span, { wanted: `a number of times from 1 to ${mostRounds}`, got: String(count) }),
    )
  const { value: started, span } = need(start)
  const several = started.kind === 'tuple' || started.kind === 'list'
  const first = several
    ? started.items.map((value) => tensorOf({ value, span }, 'an entry of `x` of `iterate`'))
    : [tensorOf(need(start), '`x` of `iterate`')]
  const carriedVal = (values: readonly Value[]): Val =>
    several ? tuple(values.map(tensorVal)) : tensorVal(need(values[0]))
  const step = need(f)
  const body = x.nested((b) => {
    const k = b.input('iteration', { dtype: 'i64', shape: [] })
    const condition = b.input('condition', { dtype: 'bool', shape: [] })
    const name = (what: string, at: number): string => (several ? `${what}/${at}` : what)
    const carried = first.map(({ type }, at) => b.input(name('carried', at), type))
    const args = [carriedVal(carried), tensorVal(k)].map((value) => ({ value, span: given.span }))
    if (step.value.kind === 'fn' && step.value.declaration.parameters.length !== 2) {
      const { name, parameters } = step.value.declaration
      const message = `\`iterate\` calls \`${name.text}(x, k)\`, which takes ${parameters.length} argument${parameters.length === 1 ? '' : 's'}`
      return fail(badArguments(step.span, { message, declared: name.span }))
    }
    const result = x.states.repeated('`iterate`', () =>
      x.inRounds(count, k, () => callValue(x, step.value, { list: args, span: given.span }, step.span)),
    )
    const made = several && (result.kind === 'tuple' || result.kind === 'list') ? result.items : [result]
    const next = first.map(({ type }, at) => {
      const value = made[at]
      if (
        made.length !== first.length ||
        value?.kind !== 'tensor' ||
        !sameShape(value.value.type.shape, type.shape) ||
        value.value.type.dtype !== type.dtype
      ) {
        const all = (types: readonly string[]): string => (several ? `(${types.join(', ')})` : types.join(''))
        const wanted = all(first.map((v) => formatType(v.type)))
        const got = several ? all(made.map(describe)) : describe(result)
        return fail(
          shapeMismatch(step.span, {
            message: `\`iterate\` wants a function from ${wanted} to the same, it gives ${got}`,
          }),
        )
      }
      return value.value
    })
    return b.finish('body', [
      { name: 'condition_out', value: b.op('Identity', [condition]) },
      ...next.map((value, at) => ({ name: name('carried_out', at), value })),
    ])
  })
  return carriedVal(
    x.build(given.span, (b) => b.node('Loop', [b.scalar(count, 'i64'), null, ...first], { body })),
  )
}
