import { define } from '../define.js'
import type { Span } from '../diagnostic.js'

const quote = (text: string): string => '`' + text.replaceAll('`', "'") + '`'

/** A page of `explain`: what the code means, what is wrong, what is right. */
const page = (text: string, wrong: string, right: string): string =>
  `${text}\n\nWrong:\n\n\`\`\`dcr\n${wrong}\n\`\`\`\n\nRight:\n\n\`\`\`dcr\n${right}\n\`\`\``

export const unexpectedCharacter = define<{ text: string }>(
  'syntax/unexpected-character',
  'error',
  page(
    'A character that is no part of the language. Names are made of ASCII letters, digits and `_`; other letters may only stand in strings and comments.',
    'let τ = 0.1',
    'let tau = 0.1   // τ in the paper',
  ),
  ({ text }) => {
    const letter = /^\p{L}/u.test(text)
    const quotes = /^[\u2018-\u201f\u00ab\u00bb]/.test(text)
    const instead = { '^': 'a power is written `x ** 2`', '%': 'the remainder of tensors is `mod(x, y)`' }[
      text
    ]
    const shown = text.length > 20 ? `${text.slice(0, 20)}…` : text
    return {
      message: /^\p{Cc}/u.test(text)
        ? 'a control character means nothing here'
        : `${quote(shown)} means nothing here`,
      help: letter
        ? 'names are made of the letters a to z, digits and `_`'
        : quotes
          ? 'strings stand in straight double quotes: "text"'
          : instead,
    }
  },
)

export const badNumber = define<{ text: string; instead?: string | undefined; why?: string | undefined }>(
  'syntax/bad-number',
  'error',
  page(
    'Numbers are written `300`, `2_000`, `0.5` or `1e-4`: digits stand on both sides of the point, `_` only between digits, and no suffix stands behind them but a unit: `16 GB` (kB, MB, GB, TB), `10 min` (s, min, h, d), `5%`. Whole numbers go up to 9_007_199_254_740_991.',
    'param scale: float = .5\nparam rows: int = 16k',
    'param scale: float = 0.5\nparam rows: int = 16_000',
  ),
  ({ text, instead, why }) => ({
    message: `${quote(text.length > 40 ? text.slice(0, 40) + '…' : text)} is not a number`,
    why,
    help: instead === undefined ? undefined : `write ${quote(instead)}`,
  }),
)

export const unclosedString = define<undefined>(
  'syntax/unclosed-string',
  'error',
  page(
    'A string ends with `"` on the line where it begins. A line break inside is written `\\n`.',
    'let greeting = "hello',
    'let greeting = "hello"',
  ),
  () => ({
    message: 'this string is not closed',
    help: 'end it with `"` on the same line; write a line break as `\\n`',
  }),
)

export const singleQuotes = define<{ text: string; span: Span }>(
  'syntax/single-quotes',
  'error',
  page('Strings stand in double quotes.', "let target = 'eps'", 'let target = "eps"'),
  ({ text, span }) => {
    const instead = `"${text.replaceAll('"', '\\"')}"`
    return {
      message: 'strings stand in double quotes',
      help: `write ${quote(instead)}`,
      fix: { span, text: instead },
    }
  },
)

export const badEscape = define<{ escape: string }>(
  'syntax/bad-escape',
  'error',
  page(
    'After a backslash in a string stands one of `n`, `t`, `r`, `"`, `\\`, or `u{...}` with the hexadecimal number of a character.',
    'let path = "weights\\clip"',
    'let path = "weights/clip"',
  ),
  ({ escape }) => ({
    message: `${quote(escape)} is no escape`,
    help: 'a backslash itself is written `\\\\`',
  }),
)

export const foreignOperator = define<{ found: string; instead: string | undefined; span: Span }>(
  'syntax/foreign-operator',
  'error',
  page(
    'Logic is written with the words `and`, `or` and `not`, equality with `==`. A name is given a new value with `=` alone.',
    'if a && !b { x += 1 }',
    'if a and not b { x = x + 1 }',
  ),
  ({ found, instead, span }) => ({
    message: `there is no operator ${quote(found)}`,
    help:
      instead === undefined
        ? `write it out: ${quote(`x = x ${found.slice(0, -1)} ...`)}`
        : `write ${quote(instead)}`,
    ...(instead === undefined ? {} : { fix: { span, text: instead === 'not' ? 'not ' : instead } }),
  }),
)

export const foreignComment = define<{ opener: string }>(
  'syntax/foreign-comment',
  'error',
  page(
    'A comment starts with `//` and ends with the line. `///` documents the declaration below it.',
    '# the temperature',
    '// the temperature',
  ),
  ({ opener }) => ({
    message: `${quote(opener)} starts no comment`,
    help: 'start every line of a comment with `//`',
  }),
)

/** What stands where something else is missing: the token found there, or what the line ended after. */
export type Place = { readonly found: string } | { readonly after: string }

const missing = (what: string, place: Place): string =>
  'found' in place ? `expected ${what}, found ${place.found}` : `expected ${what} after ${place.after}`

export const expected = define<{ what: string; place: Place; help?: string | undefined }>(
  'syntax/expected',
  'error',
  page(
    'Something that the declaration or expression needs does not stand where it should. The message names it.',
    'param tau = 0.1',
    'param tau: float = 0.1',
  ),
  ({ what, place, help }) => ({ message: missing(what, place), help }),
)

const separatorPage = page(
  'Declarations, clauses of a stage and statements of a block are separated by a new line or `;`; fields and the arms of a `match` by a new line or `,`. A new line separates, outside of `(` and `[`, where what stands before it can end and what follows cannot continue it: a line goes on after an operator, a comma or `=`, and before an operator other than `-`, a `.`, `else` or `with`.',
  'stage fit { train net minimize l, steps 300 }\nlet size = match small { true => 8 false => 64 }',
  'stage fit { train net; minimize l; steps 300 }\nlet size = match small { true => 8, false => 64 }',
)

/** A sign, or an end of a line, between two entries of a list. */
type Separator = ',' | ';'
const separated = (sign: Separator): string =>
  sign === ',' ? 'fields and arms' : 'declarations, clauses and statements'

export const notSeparated = define<{
  sign: Separator
  place: Place
  behind: Span
  /** What was probably meant by the word, where it stands behind a number. */
  unit?: string | undefined
}>('syntax/not-separated', 'error', separatorPage, ({ sign, place, behind, unit }) => ({
  message: missing(`a new line or ${quote(sign)}`, place),
  help:
    unit !== undefined
      ? `the unit is written ${quote(unit)}; there are kB, MB, GB, TB, s, min, h, d and %`
      : 'found' in place && /^`[([]/.test(place.found)
        ? 'where it belongs to what stands before it, write it without a blank between them'
        : `${separated(sign)} are separated by a new line or ${quote(sign)}`,
  ...(unit === undefined ? { fix: { span: behind, text: sign } } : {}),
}))

export const wrongSeparator = define<{ sign: Separator; newline: boolean }>(
  'syntax/wrong-separator',
  'error',
  separatorPage,
  ({ sign, newline }, span) => ({
    message: `${separated(sign)} are separated by a new line or ${quote(sign)}`,
    help: newline ? 'leave it out: the new line separates' : `write ${quote(sign)}`,
    fix: { span, text: newline ? '' : sign },
  }),
)

export const unclosed = define<{
  bracket: string
  /** Whether another item could stand here, behind a comma. */
  more: boolean
  purpose: string
  place: Place
  opened: Span | undefined
  help?: string | undefined
}>(
  'syntax/unclosed',
  'error',
  page(
    'A bracket that was opened is not closed where it should be. The label shows the opening one.',
    'let y = f(x, axis = 1\nlet z = y',
    'let y = f(x, axis = 1)\nlet z = y',
  ),
  ({ bracket, more, purpose, place, opened, help }) => ({
    help,
    message: more
      ? missing(`\`,\` or ${quote(bracket)} in ${purpose}`, place)
      : missing(`${quote(bracket)} to close ${purpose}`, place),
    labels: opened ? [{ span: opened, message: 'opened here' }] : [],
  }),
)

export const unopened = define<{ bracket: string }>(
  'syntax/unopened',
  'error',
  page('A closing bracket without one that it could close.', 'let y = f(x))', 'let y = f(x)'),
  ({ bracket }) => ({
    message: `this ${quote(bracket)} closes nothing`,
    help: 'remove it, or open a bracket before it',
  }),
)

export const unexpected = define<{ found: string; where: string; help?: string | undefined }>(
  'syntax/unexpected',
  'error',
  page(
    'Something stands where nothing of its kind can. What a place may hold: a file `use`, `module`, `record`, `fn`, `let` and `pipeline`; a pipeline `param`, `data`, `model`, `let`, `fn`, `loss`, `stage`, `evaluate`, `export`, and `override` or `remove`; a stage its clauses; a module its members and functions; a block its statements.',
    'pipeline p {\n  lr = 0.1\n}',
    'pipeline p {\n  param lr: float = 0.1\n}',
  ),
  ({ found, where, help }) => ({ message: `${found} cannot stand here in ${where}`, help }),
)

export const needlessSign = define<{ sign: string; word: string }>(
  'syntax/needless-sign',
  'error',
  page(
    'A clause of a stage is its word and its value, with nothing between them.',
    'stage fit { steps = 300 }',
    'stage fit { steps 300 }',
  ),
  ({ sign, word }, span) => ({
    fix: { span, text: '' },
    message: `there is no ${quote(sign)} between a clause and its value`,
    help: `write ${quote(`${word} ...`)}`,
  }),
)

export const unknownKeyword = define<{
  word: string
  where: string
  instead: string | undefined
  span: Span
}>(
  'syntax/unknown-keyword',
  'error',
  page(
    'A declaration starts with a word that starts none here, often a slip of the pen or the word of another language.',
    'pipline naive { }\ndef f(x) = x',
    'pipeline naive { }\nfn f(x) = x',
  ),
  ({ word, where, instead, span }) => {
    const message = `${quote(word)} starts nothing in ${where}`
    if (/^(?:from|import|include)$/.test(word) && instead === 'use')
      return { message, help: 'names of other files are brought in by `use std.nn { Linear }`' }
    return instead === undefined
      ? { message }
      : { message, help: `did you mean ${quote(instead)}?`, fix: { span, text: instead } }
  },
)

export const misplaced = define<{ word: string; where: string; belongs: string }>(
  'syntax/misplaced',
  'error',
  page(
    'A declaration stands in a place of another kind: `param`, `data`, `model`, `loss`, `stage`, `evaluate` and `export` belong in a pipeline; `use`, `module`, `record` and `pipeline` at the top of a file.',
    'param tau: float = 0.1\npipeline p { }',
    'pipeline p {\n  param tau: float = 0.1\n}',
  ),
  ({ word, where, belongs }) => ({
    message: `${quote(word)} cannot stand in ${where}`,
    help: `it belongs ${belongs}`,
  }),
)

export const letInBlock = define<undefined>(
  'syntax/let-in-block',
  'error',
  page(
    '`let` declares a name of a file or pipeline. Inside a block a name is given with `=` alone.',
    'fn f(x) {\n  let y = x * 2\n  y + 1\n}',
    'fn f(x) {\n  y = x * 2\n  y + 1\n}',
  ),
  () => ({ message: 'there is no `let` inside a block', help: 'write `name = value`' }),
)

export const reservedWord = define<{ word: string }>(
  'syntax/reserved-word',
  'error',
  page(
    'Some words belong to the language and name nothing else: use module record fn let pipeline extends override remove if else match for in draw true false none and or not with.',
    'let match = 3',
    'let matches = 3',
  ),
  ({ word }) => ({
    message: `${quote(word)} is a word of the language and cannot be a name`,
    help: `choose another, for instance ${quote(`${word}_`)}`,
  }),
)

export const missingExpression = define<{ place: Place }>(
  'syntax/missing-expression',
  'error',
  page('A value has to stand here, and does not.', 'let y = 2 *', 'let y = 2 * x'),
  ({ place }) => ({ message: missing('a value', place) }),
)

export const missingBlock = define<{ place: Place }>(
  'syntax/missing-block',
  'error',
  page(
    'The body of an `if`, an `else`, a `for` or a function without `=` stands in braces.',
    'if deep layers = 12 else layers = 2',
    'if deep { layers = 12 } else { layers = 2 }',
  ),
  ({ place }) => ({ message: missing('a block in braces', place) }),
)

export const badPattern = define<undefined>(
  'syntax/bad-pattern',
  'error',
  page(
    'On the left of `=` stands a name, or names in brackets. Values cannot be changed in place: make a new one.',
    'x[0] = 1\nc.size = 3',
    'x = concat([one, x[1:]], axis = 0)\nc = c with { size: 3 }',
  ),
  () => ({
    message: 'only a name, or names in brackets, can stand on the left of `=`',
    help: 'values are never changed in place; to compare, write `==`; for a copy of a record with a change, `r with { field: value }`',
  }),
)

export const unusedValue = define<undefined>(
  'syntax/unused-value',
  'error',
  page(
    'An expression in the middle of a block has no effect, since only the last one is the value of the block.',
    'fn f(x) {\n  relu(x)\n  x\n}',
    'fn f(x) {\n  x = relu(x)\n  x\n}',
  ),
  () => ({
    message: 'this value is not used',
    why: 'only the last expression of a block is its value',
    help: 'name it with `name = ...`, or remove it; a line goes on below only after an operator or an open bracket',
  }),
)

export const chainedComparison = define<undefined>(
  'syntax/chained-comparison',
  'error',
  page('Comparisons do not chain.', 'let inside = 0 < x < 1', 'let inside = 0 < x and x < 1'),
  () => ({ message: 'comparisons do not chain', help: 'write `a < b and b < c`' }),
)

export const looseNot = define<undefined>(
  'syntax/loose-not',
  'error',
  page(
    '`not` binds looser than arithmetic and comparisons; behind one of their operators it needs brackets.',
    'a == not b',
    'a == (not b)',
  ),
  () => ({ message: '`not` needs brackets here', help: 'write `(not ...)`' }),
)

export const cannotOverride = define<{ word: string }>(
  'syntax/cannot-override',
  'error',
  page(
    '`override` replaces a declaration that has a name. `export` and `remove` have none.',
    'override export clip',
    'export clip',
  ),
  ({ word }, span) => ({
    message: `${quote(word)} cannot be overridden`,
    help: 'leave `override` out',
    fix: { span, text: '' },
  }),
)

export const unknownCondition = define<{ word: string }>(
  'syntax/unknown-condition',
  'error',
  page(
    '`where` chooses among the parameters that a path of `train` names: by `rank`, the number of their dimensions, or by the `kind` of the module that declares them.',
    'train net, net.** where shape == 1 { weight_decay = 0.0 }',
    'train net, net.** where rank == 1 { weight_decay = 0.0 }',
  ),
  ({ word }) => ({
    message: `parameters are not chosen by ${quote(word)}`,
    help: 'write `where rank < 2`, or `where kind in [LayerNorm, Embedding]`',
  }),
)

export const overrideType = define<{ name: string }>(
  'syntax/override-type',
  'error',
  page(
    '`override param` gives an inherited param another value. Its type stays as it is: what reads the param relies on it.',
    'override param tau: float = 0.2',
    'override param tau = 0.2',
  ),
  ({ name }, span) => ({
    message: `the type of the inherited param ${quote(name)} stays as it is`,
    help: `write ${quote(`override param ${name} = ...`)}`,
    fix: { span, text: '' },
  }),
)

export const untypedState = define<{ name: string }>(
  'syntax/untyped-state',
  'error',
  page(
    'A state of a module is a tensor, so its declaration says of what type: the type stands between name and initial value.',
    'module Mean(d: int) { state mean = zeros }',
    'module Mean(d: int) { state mean: f32[d] = zeros }',
  ),
  ({ name }) => ({
    message: `state ${quote(name)} needs a type`,
    help: `\`state ${name}: f32[...] = initial value\``,
  }),
)

export const tooDeep = define<undefined>(
  'syntax/too-deep',
  'error',
  page(
    'Brackets, blocks or operators are nested deeper than the compiler reads (100 brackets or blocks, 500 operators in a row). Give the inner parts names. The rest of the file was not read.',
    'let y = ((((((((((... 1 ...))))))))))',
    'let inner = 1\nlet y = inner',
  ),
  () => ({
    message: 'this is nested too deep to be read',
    help: 'give the inner parts names; the rest of the file was not read',
  }),
)

export const tooLong = define<{ length: number; most: number }>(
  'syntax/too-long',
  'error',
  page(
    'The file is longer than any source that people write, so none of it was read. Data does not stand in a source: a pipeline names the files that hold it.',
    'let table = "... ten million characters ..."',
    'data table = parquet("datasets/table.parquet", columns = { label: "i64[]" })',
  ),
  ({ length, most }) => ({
    message: `the file has ${length} characters, at most ${most} are read`,
    help: 'is it a `.dcr` file? what is long belongs into files that the source names',
  }),
)

export const tooManyProblems = define<{ count: number }>(
  'syntax/too-many',
  'error',
  page(
    'The file has so many syntax problems that the others are not shown. Is it a `.dcr` file?',
    '\\x00\\x01...',
    'pipeline p { }',
  ),
  ({ count }) => ({ message: `${count} more problems of this kind follow` }),
)
