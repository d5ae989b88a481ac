import { Lexer, createToken, type ITokenConfig, type TokenType } from 'chevrotain'
import { quantityPattern } from './units.js'

/** Any token at all: what recovery consumes when nothing else fits. */
export const Any = createToken({ name: 'Any', pattern: Lexer.NA })
/** Every word, reserved ones too: a field after a dot. */
export const Word = createToken({ name: 'Word', pattern: Lexer.NA, categories: [Any] })
/** A word that may name something: identifiers and the words that are keywords only in their place. */
export const Name = createToken({ name: 'Name', label: 'a name', pattern: Lexer.NA, categories: [Word] })

export const Identifier = createToken({ name: 'Identifier', pattern: /[A-Za-z_]\w*/, categories: [Name] })

const capital = (word: string): string => word[0]?.toUpperCase() + word.slice(1)
const keyword = (word: string, category: TokenType): TokenType =>
  createToken({
    name: capital(word),
    label: `\`${word}\``,
    pattern: word,
    longer_alt: Identifier,
    categories: [category],
  })
const reserved = (word: string): TokenType => keyword(word, Word)
const contextual = (word: string): TokenType => keyword(word, Name)

export const Use = reserved('use')
export const Module = reserved('module')
export const RecordWord = reserved('record')
export const Fn = reserved('fn')
export const Let = reserved('let')
export const Pipeline = reserved('pipeline')
export const Extends = reserved('extends')
export const Override = reserved('override')
export const Remove = reserved('remove')
export const If = reserved('if')
export const Else = reserved('else')
export const Match = reserved('match')
export const For = reserved('for')
export const In = reserved('in')
export const Draw = reserved('draw')
export const True = reserved('true')
export const False = reserved('false')
export const None = reserved('none')
export const And = reserved('and')
export const Or = reserved('or')
export const Not = reserved('not')
export const With = reserved('with')

export const Param = contextual('param')
export const Data = contextual('data')
export const Model = contextual('model')
export const Adapter = contextual('adapter')
export const Loss = contextual('loss')
export const Stage = contextual('stage')
export const Evaluate = contextual('evaluate')
export const Allow = contextual('allow')
export const Export = contextual('export')
export const Train = contextual('train')
export const Freeze = contextual('freeze')
export const Monitor = contextual('monitor')
export const Every = contextual('every')
export const Keep = contextual('keep')
export const Last = contextual('last')
export const Best = contextual('best')
export const Stop = contextual('stop')
export const When = contextual('when')
export const Stalls = contextual('stalls')
export const Epoch = contextual('epoch')
export const Epochs = contextual('epochs')
export const Step = contextual('step')
export const Steps = contextual('steps')
export const From = contextual('from')
export const As = contextual('as')
export const Ignore = contextual('ignore')
export const Strip = contextual('strip')
export const Of = contextual('of')
export const Like = contextual('like')
export const Rows = contextual('rows')
export const Exact = contextual('exact')
export const Except = contextual('except')
export const Where = contextual('where')
export const Ablation = contextual('ablation')
export const Variant = contextual('variant')
export const Vary = contextual('vary')
export const Seeds = contextual('seeds')
export const Primary = contextual('primary')
export const Select = contextual('select')
export const By = contextual('by')
export const On = contextual('on')
export const State = contextual('state')
export const Next = contextual('next')
export const After = contextual('after')
export const Update = contextual('update')

// A word that begins another stands behind it: of two that fit, the lexer takes the first.
const keywords = [
  [Use, Module, RecordWord, Fn, Let, Pipeline, Extends, Override, Remove, If, Else, Match, For, In, Draw],
  [True, False, None, And, Or, Not, With, Param, Data, Model, Adapter, Loss, Stage, Evaluate, Export, Train],
  [Monitor, Every, From, As, Strip, Ignore, Of, Like, Except, Where, Rows, Exact, Allow, Freeze],
  [Ablation, Variant, Vary, Seeds, Primary, Select, By, On],
  [Keep, Last, Best, Stop, When, Stalls, Epochs, Epoch, Steps, Step],
  [State, Next, After, Update],
].flat()

const symbol = (name: string, text: string, more: Partial<ITokenConfig> = {}): TokenType =>
  createToken({ name, label: `\`${text}\``, pattern: text, categories: [Any], ...more })
/** A kind that the scanner puts in place of a general one; never matched by the lexer itself. */
const retagged = (name: string, general: TokenType): TokenType =>
  createToken({ name, label: general.LABEL ?? name, pattern: Lexer.NA, categories: [general] })

/** `cached` where a value follows it on its line; else it is a name. */
export const Cached = createToken({
  name: 'Cached',
  label: '`cached`',
  pattern: Lexer.NA,
  categories: [Word],
})

export const LeftParen = symbol('LeftParen', '(')
export const RightParen = symbol('RightParen', ')')
export const LeftSquare = symbol('LeftSquare', '[')
export const RightSquare = symbol('RightSquare', ']')
export const LeftCurly = symbol('LeftCurly', '{')
export const RightCurly = symbol('RightCurly', '}')
export const Minus = symbol('Minus', '-')
/** `(`, `[` and `-` that continue the expression before them, as newlines.ts says. */
export const CallParen = retagged('CallParen', LeftParen)
export const IndexSquare = retagged('IndexSquare', LeftSquare)
export const BinaryMinus = retagged('BinaryMinus', Minus)

export const Arrow = symbol('Arrow', '->')
export const FatArrow = symbol('FatArrow', '=>')
export const EqualEqual = symbol('EqualEqual', '==')
export const Equals = symbol('Equals', '=')
export const NotEqual = symbol('NotEqual', '!=')
export const LessEqual = symbol('LessEqual', '<=')
export const GreaterEqual = symbol('GreaterEqual', '>=')
export const Less = symbol('Less', '<')
export const Greater = symbol('Greater', '>')
export const Ellipsis = symbol('Ellipsis', '...')
export const RangeInclusive = symbol('RangeInclusive', '..=')
export const RangeExclusive = symbol('RangeExclusive', '..')
export const Dot = symbol('Dot', '.')
export const Comma = symbol('Comma', ',')
export const Semicolon = symbol('Semicolon', ';')
export const Colon = symbol('Colon', ':')
export const Plus = symbol('Plus', '+')
export const Power = symbol('Power', '**')
export const Star = symbol('Star', '*')
export const Slash = symbol('Slash', '/')
export const At = symbol('At', '@')
export const Bar = symbol('Bar', '|')
export const Question = symbol('Question', '?')

export const Float = createToken({
  name: 'Float',
  label: 'a number',
  pattern: /\d+(?:_\d+)*(?:\.\d+(?:_\d+)*(?:[eE][+-]?\d+)?|[eE][+-]?\d+)(?!\w|\.\d)/,
  categories: [Any],
})
export const Int = createToken({
  name: 'Int',
  label: 'a number',
  pattern: /\d+(?:_\d+)*(?!\w|\.\d)/,
  categories: [Any],
})
/** A number with its unit, which stands on its line: `16 GB`, `5%`. */
export const Quantity = createToken({
  name: 'Quantity',
  label: 'a number with its unit',
  pattern: quantityPattern,
  categories: [Any],
})
export const Text = createToken({
  name: 'Text',
  label: 'a string',
  // Runs of plain characters are matched whole: an engine keeps a place to come back to for each turn of a choice.
  pattern: /"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"/,
  categories: [Any],
})

/** Spellings of other languages and slips of the pen: reported by the scanner, then read as what was meant. */
export const mistakes = {
  number: createToken({ name: 'BadNumber', pattern: /\d\w*(?:\.\d\w*)*|\.\d\w*/, categories: [Int, Any] }),
  openString: createToken({
    name: 'OpenString',
    pattern: /"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*\\?/,
    categories: [Text, Any],
  }),
  singleQuotes: createToken({ name: 'SingleQuotes', pattern: /'[^'\r\n]*'/, categories: [Text, Any] }),
  and: createToken({ name: 'WrongAnd', pattern: /&&/, categories: [And, Any] }),
  or: createToken({ name: 'WrongOr', pattern: /\|\|/, categories: [Or, Any] }),
  not: createToken({ name: 'WrongNot', pattern: /!/, categories: [Not, Any] }),
  identity: createToken({ name: 'WrongEqual', pattern: /===/, categories: [EqualEqual, Any] }),
  update: createToken({ name: 'UpdateEquals', pattern: /(?:\*\*|[-+*/@])=/, categories: [Equals, Any] }),
  hashComment: createToken({ name: 'HashComment', pattern: /#[^\r\n]*/, group: 'mistakes' }),
  blockComment: createToken({
    name: 'BlockComment',
    pattern: /\/\*[^]*?(?:\*\/|$(?![^]))/,
    line_breaks: true,
    group: 'mistakes',
  }),
}

const LineComment = createToken({ name: 'LineComment', pattern: /\/\/[^\r\n]*/, group: 'comments' })
const Space = createToken({
  name: 'Space',
  pattern: /[ \t\r\n\f\v\u00a0\ufeff]+/,
  line_breaks: true,
  group: Lexer.SKIPPED,
})

/** In the order in which the lexer tries them. */
export const vocabulary: readonly TokenType[] = [
  [Space, LineComment, mistakes.blockComment, mistakes.hashComment],
  keywords,
  [Identifier, Quantity, Float, Int, Text, mistakes.openString, mistakes.singleQuotes],
  [Ellipsis, RangeInclusive, RangeExclusive, mistakes.number],
  [mistakes.identity, mistakes.update, mistakes.and, mistakes.or],
  [Arrow, FatArrow, EqualEqual, Equals, NotEqual, mistakes.not, LessEqual, GreaterEqual, Less, Greater],
  [Power, Star, Plus, Minus, Slash, At, Dot, Comma, Semicolon, Colon, Bar, Question],
  [LeftParen, RightParen, LeftSquare, RightSquare, LeftCurly, RightCurly],
  [CallParen, IndexSquare, BinaryMinus, Cached, Name, Word, Any],
].flat()
