import { type Settings, isSettings } from './settings.js'
import { TokenizerProblem } from './tokenizer-files.js'

/**
 * The model of a `tokenizer.json`, checked as the tokenizers library does when it opens one: the reader behind it looks at
 * less, and gives other ids for a file that transformers refuses. Throws TokenizerProblem.
 */
export function checkedModel({ model }: Settings): Settings {
  if (!isSettings(model)) return refused('it has no model')
  const { type = kindOf(model), vocab, merges, dropout, continuing_subword_prefix: prefix } = model
  const own = { ...model, type }
  switch (type) {
    case 'Unigram':
      if (!Array.isArray(vocab) || !vocab.every(isPiece))
        return refused('its vocabulary is no list of texts with a number each')
      return own
    case 'WordPiece':
      idsOf(vocab)
      return own
    case 'BPE':
      if (isGiven(dropout)) return refused('it leaves merges out by chance (dropout)')
      if (isGiven(prefix)) return refused(`its pieces begin with ${JSON.stringify(prefix)}`)
      checkMerges(merges, idsOf(vocab))
      return own
    default:
      return refused(`its model is a ${JSON.stringify(type)}; BPE, WordPiece and Unigram are read`)
  }
}

const refused = (why: string): never => {
  throw new TokenizerProblem('tokenizer.json', why)
}

/** Files of the library's first versions do not say the kind. */
function kindOf({ vocab, merges, continuing_subword_prefix: prefix }: Settings): string | undefined {
  if (Array.isArray(vocab)) return 'Unigram'
  if (merges !== undefined) return 'BPE'
  return prefix === undefined ? undefined : 'WordPiece'
}

const isGiven = (value: unknown): boolean => Boolean(value)

const isPiece = (piece: unknown): boolean =>
  Array.isArray(piece) &&
  piece.length === 2 &&
  typeof piece[0] === 'string' &&
  typeof piece[1] === 'number' &&
  !Number.isNaN(piece[1])

function idsOf(vocab: unknown): ReadonlySet<string> {
  if (!isSettings(vocab)) return refused('it has no vocabulary')
  const wrong = Object.entries(vocab).find(([, id]) => !Number.isSafeInteger(id) || Number(id) < 0)
  return wrong
    ? refused(`the id of ${JSON.stringify(wrong[0])} is ${JSON.stringify(wrong[1])}`)
    : new Set(Object.keys(vocab))
}

function checkMerges(merges: unknown, vocab: ReadonlySet<string>): void {
  if (!Array.isArray(merges)) refused('it has no list of merges')
  else
    for (const [k, merge] of merges.entries()) {
      const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge
      if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => typeof part === 'string'))
        return refused(`merge ${k} is ${JSON.stringify(merge)?.slice(0, 60)}, not two pieces`)
      const unknown = [...parts, parts.join('')].find((piece: string) => !vocab.has(piece))
      if (unknown !== undefined)
        return refused(`merge ${k} names ${JSON.stringify(unknown)}, which the vocabulary has not`)
    }
}
