import { Charsmap } from './charsmap.js'
import { type NormalizerSpec, SentencepieceProblem, pieceKinds, readSentencepieceModel } from './model.js'
import { normalized } from './normalize.js'

interface Known {
  readonly id: number
  readonly score: number
}

/** How a text up to some character is split best: its score, and where the last piece begins and which it is. */
interface Best {
  readonly score: number
  readonly start: number
  readonly id: number
}

/** Below the least score of a piece; source: sentencepiece, unigram_model.cc (kUnkPenalty). */
const unknownPenalty = 10

/** Splits texts into the most probable pieces. Source: sentencepiece, unigram_model.cc (EncodeOptimized). */
export class Unigram {
  private readonly charsmap: Charsmap
  private readonly normalizer: NormalizerSpec
  private readonly ids: ReadonlyMap<string, number>
  private readonly pieces: ReadonlyMap<string, Known>
  private readonly unknown: Known
  /** Characters of the longest piece. */
  private readonly longest: number

  /** Throws SentencepieceProblem. */
  constructor(bytes: Uint8Array) {
    const { pieces, normalizer } = readSentencepieceModel(bytes)
    this.normalizer = normalizer
    this.charsmap = charsmapOf(normalizer)
    this.ids = new Map(pieces.map(({ text }, id) => [text, id]))
    const known = pieces.flatMap(({ text, score, kind }, id): [string, Known][] =>
      kind === pieceKinds.normal ? [[text, { id, score }]] : [],
    )
    this.pieces = new Map(known)
    this.longest = known.reduce((most, [text]) => Math.max(most, Array.from(text).length), 1)
    const least = known.reduce((score, [, piece]) => Math.min(score, piece.score), Infinity)
    const id = pieces.findIndex(({ kind }) => kind === pieceKinds.unknown)
    this.unknown = { id, score: Math.fround(least - unknownPenalty) }
  }

  /** The number of pieces. */
  get size(): number {
    return this.ids.size
  }

  idOf(piece: string): number | undefined {
    return this.ids.get(piece)
  }

  /** The ids of a text; unknown characters in a row are one. */
  encode(text: string): readonly number[] {
    const characters = Array.from(normalized(text, this.charsmap, this.normalizer))
    const best = this.bestEnds(characters)
    const ids: number[] = []
    for (let end = characters.length; end > 0;) {
      const { start, id } = best[end] ?? { start: 0, id: this.unknown.id }
      if (id !== this.unknown.id || ids.at(-1) !== id) ids.push(id)
      end = start
    }
    return ids.toReversed()
  }

  private bestEnds(characters: readonly string[]): readonly (Best | undefined)[] {
    const best: (Best | undefined)[] = [{ score: 0, start: 0, id: 0 }]
    for (let start = 0; start < characters.length; start++) {
      const before = best[start]?.score ?? 0
      const offer = (end: number, { id, score }: Known): void => {
        const sum = score + before
        const known = best[end]
        // scores are kept in float32
        if (!known || sum > known.score) best[end] = { score: Math.fround(sum), start, id }
      }
      let piece = ''
      for (let end = start + 1; end <= Math.min(start + this.longest, characters.length); end++) {
        piece += characters[end - 1] ?? ''
        const found = this.pieces.get(piece)
        if (found) offer(end, found)
      }
      if (!this.pieces.has(characters[start] ?? '')) offer(start + 1, this.unknown)
    }
    return best
  }
}

function charsmapOf({ charsmap }: NormalizerSpec): Charsmap {
  try {
    return new Charsmap(charsmap)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new SentencepieceProblem('its table of characters is cut short')
  }
}
