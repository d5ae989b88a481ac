import {
  badTokenizer,
  idOutside,
  noDirectory,
  noTextLength,
  noTokenizer,
} from '../../diagnostics/catalogue/tokenizer.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { sha256 } from '../../graph/sha256.js'
import { tensor } from '../../graph/types.js'
import { TokenizerProblem, holdsTokenizer, vocabularies } from '../../text/tokenizer-files.js'
import { filesIn, largestFile, tokenizerPlaces } from '../../text/tokenizer-folder.js'
import { ModelTokenizer } from '../../text/tokenizer.js'
import type { ModelFolders } from '../2-resolve/model-folders.js'
import { type GivenArguments, bindArguments, missingArgument } from './arguments.js'
import { type Elaboration, fail } from './elaboration.js'
import { type Instance, type Val, describe, tensorVal } from './values.js'

/** Gives a model its function `tokenize`, unless its module has one of that name. */
export function addTokenize(
  instance: Instance,
  model: string,
  folders: ModelFolders | undefined,
  from: () => string | null,
): void {
  if (instance.environment.hasOwn('tokenize')) return
  let opened: ModelTokenizer | null | undefined
  const tokenizer = (span: Span): { readonly place: string; readonly tokenizer: ModelTokenizer | null } => {
    const place = from() ?? fail(noDirectory(span, { model }))
    opened ??= openTokenizer(model, folders, place, span)
    return { place, tokenizer: opened }
  }
  instance.environment.set('tokenize', {
    kind: 'special',
    definition: {
      name: `${model}.tokenize`,
      doc: "The ids of a text by the tokenizer of the model's directory, padded and cut to its length: i64[1, n].",
      parameters: ['text'],
      call: (x, given) => {
        const text = textOf(x, model, given)
        return idsOf(x, instance, model, tokenizer(given.span).tokenizer, text, given.span)
      },
      ofRows: (x, span) => {
        const { place, tokenizer: found } = tokenizer(span)
        return {
          function: 'tokenize',
          settings: { tokenizer: place, length: lengthOf(x, instance, model, found, span) },
        }
      },
    },
  })
}

function textOf(x: Elaboration, model: string, given: GivenArguments): string {
  const callee = `${model}.tokenize`
  const bound = bindArguments(x, callee, ['text'], given.list)
  const { value, span } = bound.get('text') ?? missingArgument(callee, 'text', ['text'], given.span)
  if (value.kind === 'string') return value.value
  return fail(wrongType(span, { wanted: 'a text in quotes', got: describe(value), where: `\`${callee}\`` }))
}

/** Null where the directory is not there: then others stand for the ids, and the model does not run as it is. */
function openTokenizer(
  model: string,
  folders: ModelFolders | undefined,
  from: string,
  span: Span,
): ModelTokenizer | null {
  if (!folders) return null
  const places = tokenizerPlaces(from)
  for (const place of places) {
    const files = filesIn(folders, from, place, (file) => fail(badTokenizer(span, file)))
    if (!holdsTokenizer(files)) continue
    try {
      return ModelTokenizer.open(files)
    } catch (error) {
      if (!(error instanceof TokenizerProblem)) throw error
      const { path } = folders.read(from, place + error.file, largestFile)
      return fail(badTokenizer(span, { path, why: error.message }))
    }
  }
  if (!folders.exists(from)) return null
  const looked = places.flatMap((place) =>
    vocabularies.map((name) => folders.read(from, place + name, largestFile).path),
  )
  return fail(noTokenizer(span, { model, looked }))
}

/** A whole number that the model's module says. */
function said({ environment }: Instance, name: string): number {
  const value = environment.hasOwn(name) ? environment.get(name) : undefined
  return value?.kind === 'int' && value.value > 0 ? value.value : Infinity
}

/** How many tokens a text has: as many as the model reads, or its tokenizer gives, the fewer of both. */
function lengthOf(
  x: Elaboration,
  instance: Instance,
  model: string,
  tokenizer: ModelTokenizer | null,
  span: Span,
): number {
  const length = Math.min(said(instance, 'text_length'), tokenizer?.length ?? Infinity)
  if (length === Infinity) return fail(noTextLength(span, { model, module: instance.declaration.name.text }))
  x.checkLength(length, span)
  return length
}

function idsOf(
  x: Elaboration,
  instance: Instance,
  model: string,
  tokenizer: ModelTokenizer | null,
  text: string,
  span: Span,
): Val {
  const length = lengthOf(x, instance, model, tokenizer, span)
  const ids = tokenizer ? encoded(tokenizer, model, text, length, span) : standIns(text, length)
  const rows = said(instance, 'vocab_size')
  const outside = ids.find((id) => id >= rows)
  if (outside !== undefined) return fail(idOutside(span, { model, id: outside, rows }))
  return tensorVal(x.build(span, (b) => b.constant(tensor('i64', [1, length], ids))))
}

/** Zeros and ones, which every vocabulary has, that differ for different texts: no text is without effect. */
function standIns(text: string, length: number): readonly number[] {
  const digits = sha256(text)
  return Array.from({ length }, (_, k) => parseInt(digits.charAt(k % digits.length), 16) & 1)
}

function encoded(
  tokenizer: ModelTokenizer,
  model: string,
  text: string,
  length: number,
  span: Span,
): readonly number[] {
  const refuse = (why: string): never =>
    fail(badTokenizer(span, { path: `the tokenizer of \`${model}\``, why }))
  let ids: readonly number[]
  try {
    ids = tokenizer.ids(text, length)
  } catch (error) {
    return refuse(
      `it fails on this text: ${error instanceof Error ? error.message.slice(0, 120) : String(error)}`,
    )
  }
  return ids.every((id) => Number.isSafeInteger(id) && id >= 0)
    ? ids
    : refuse('it gives ids that are no numbers')
}
