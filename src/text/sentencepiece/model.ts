import { type Field, ProtobufProblem, fieldsOf } from './protobuf.js'

/** A piece of text with the logarithm of its probability, and what it stands for. */
export interface Piece {
  readonly text: string
  readonly score: number
  readonly kind: number
}

/** Source: sentencepiece_model.proto, SentencePiece.Type. */
export const pieceKinds = { normal: 1, unknown: 2, control: 3, unused: 5 } as const

/** What a sentencepiece model says of its texts before they are split. Source: NormalizerSpec. */
export interface NormalizerSpec {
  /** Empty: texts stay as they are. */
  readonly charsmap: Uint8Array
  readonly addDummyPrefix: boolean
  readonly removeExtraWhitespaces: boolean
}

export interface SentencepieceModel {
  readonly pieces: readonly Piece[]
  readonly normalizer: NormalizerSpec
}

/** Why a model is not taken, in a user's words. */
export class SentencepieceProblem extends Error {}

/** Reads `spiece.model`; what would split texts otherwise than this reader does is refused. Throws SentencepieceProblem. */
export function readSentencepieceModel(bytes: Uint8Array): SentencepieceModel {
  try {
    return modelOf(fieldsOf(bytes))
  } catch (error) {
    if (!(error instanceof ProtobufProblem)) throw error
    throw new SentencepieceProblem('it is no sentencepiece model, or cut short')
  }
}

function modelOf(fields: readonly Field[]): SentencepieceModel {
  const pieces = fields.filter(({ number }) => number === 1).map(({ bytes }) => pieceOf(bytes))
  const inside = (number: number): readonly Field[] =>
    fieldsOf(fields.findLast((field) => field.number === number)?.bytes ?? new Uint8Array())
  const number = (of: readonly Field[], at: number, absent: number): number =>
    of.findLast((field) => field.number === at)?.value ?? absent
  const [trainer, normalizer] = [inside(2), inside(3)]
  const refuse = (what: string): never => {
    throw new SentencepieceProblem(`${what}, which is not read; save the tokenizer as tokenizer.json`)
  }
  if (number(trainer, 3, 1) !== 1) refuse('it is no unigram model')
  if (number(trainer, 24, 0) !== 0) refuse('it puts the mark of a word behind it')
  if (number(normalizer, 5, 1) !== 1) refuse('it leaves spaces as they are')
  const known = new Set<number>(Object.values(pieceKinds))
  const other = pieces.find(({ kind }) => !known.has(kind))
  if (other) refuse(`it has pieces of the user or of single bytes, such as ${JSON.stringify(other.text)}`)
  if (!pieces.some(({ kind }) => kind === pieceKinds.unknown))
    throw new SentencepieceProblem('it has no piece for what is unknown')
  return {
    pieces,
    normalizer: {
      charsmap: normalizer.findLast((field) => field.number === 2)?.bytes ?? new Uint8Array(),
      addDummyPrefix: number(normalizer, 3, 1) === 1,
      removeExtraWhitespaces: number(normalizer, 4, 1) === 1,
    },
  }
}

function pieceOf(bytes: Uint8Array): Piece {
  const fields = fieldsOf(bytes)
  const last = (number: number): Field | undefined => fields.findLast((field) => field.number === number)
  const text = new TextDecoder().decode(last(1)?.bytes ?? new Uint8Array())
  return { text, score: last(2)?.value ?? 0, kind: last(3)?.value ?? pieceKinds.normal }
}
