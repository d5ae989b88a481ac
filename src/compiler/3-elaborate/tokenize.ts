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
import {
  type TokenizerFiles,
  TokenizerProblem,
  holdsTokenizer,
  tokenizerFiles,
  vocabularies,
} from '../../text/tokenizer-files.js'
import { ModelTokenizer } from '../../text/tokenizer.js'
import type { ModelFolders } from '../2-resolve/model-folders.js'
import { type GivenArguments, bindArguments, missingArgument } from './arguments.js'
import { type Elaboration, fail } from './elaboration.js'
import { type Instance, type Val, describe, tensorVal } from './values.js'

/** The tokenizers of large models have some 20 MB. */
const largestFile = 64 * 1024 * 1024

/** Gives a model its function `tokenize`, unless its module has one of that name. */
export function addTokenize(
  instance: Instance,
  model: string,
  folders: ModelFolders | undefined,
  from: () => string | null,
): void {
  if (instance.environment.hasOwn('tokenize')) return
  let opened: ModelTokenizer | null | undefined
  instance.environment.set('tokenize', {
    kind: 'special',
    definition: {
      name: `${model}.tokenize`,
      doc: "The ids of a text by the tokenizer of the model's directory, padded and cut to its length: i64[1, n].",
      parameters: ['text'],
      call: (x, given) => {
        const text = textOf(x, model, given)
        const place = from()
        if (place === null) return fail(noDirectory(given.span, { model }))
        opened ??= openTokenizer(model, folders, place, given.span)
        return idsOf(x, instance, model, opened, text, given.span)
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
  const places = placesOf(from)
  for (const place of places) {
    const files = filesIn(folders, from, place, span)
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

/** In the directory, or, as Stable Diffusion has it, in the one beside its text encoder. */
function placesOf(from: string): readonly string[] {
  const encoder = /(?:^|\/)text_encoder(_\d+)?\/?$/.exec(from)
  return encoder ? ['', `../tokenizer${encoder[1] ?? ''}/`] : ['']
}

function filesIn(folders: ModelFolders, from: string, place: string, span: Span): TokenizerFiles {
  return tokenizerFiles({
    text(name) {
      const file = folders.read(from, place + name, largestFile)
      if (file.kind === 'refused') return fail(badTokenizer(span, file))
      return file.kind === 'text' ? file.text : undefined
    },
    bytes(name) {
      const file = folders.readBytes(from, place + name, largestFile)
      if (file.kind === 'refused') return fail(badTokenizer(span, file))
      return file.kind === 'bytes' ? file.bytes : undefined
    },
  })
}

function idsOf(
  x: Elaboration,
  instance: Instance,
  model: string,
  tokenizer: ModelTokenizer | null,
  text: string,
  span: Span,
): Val {
  const { environment, declaration } = instance
  const said = (name: string): number => {
    const value = environment.hasOwn(name) ? environment.get(name) : undefined
    return value?.kind === 'int' && value.value > 0 ? value.value : Infinity
  }
  const length = Math.min(said('text_length'), tokenizer?.length ?? Infinity)
  if (length === Infinity) return fail(noTextLength(span, { model, module: declaration.name.text }))
  x.checkLength(length, span)
  const ids = tokenizer ? encoded(tokenizer, model, text, length, span) : standIns(text, length)
  const rows = said('vocab_size')
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
