import { statedTokens, withAdded } from './added-tokens.js'
import { clipTokenizer } from './clip-bpe.js'
import type { Encoder } from './encoder.js'
import { JsonEncoder } from './json-encoder.js'
import { checkedModel } from './json-model.js'
import { type Settings, classOf, isSettings, objectOf, settingsOf, tokenText } from './settings.js'
import { SiglipEncoder } from './siglip.js'
import { within } from './time-limit.js'
import { type TokenizerFiles, TokenizerProblem } from './tokenizer-files.js'

/** Longer than any model reads: what transformers writes where a tokenizer has no limit is 1e30. */
const longest = 100_000

/** Seconds for one text; a page of text takes some thousandths. */
const patience = 2

/** A tokenizer as a model's directory has it, with the padding and truncation of transformers. */
export class ModelTokenizer {
  /** Tokens of a text, where the files say it. */
  readonly length: number | undefined
  private readonly padding: number
  private readonly left: { readonly padding: boolean; readonly truncation: boolean }

  private constructor(
    private readonly encoder: Encoder,
    settings: Settings,
  ) {
    const { model_max_length: most } = settings
    this.length =
      typeof most === 'number' && Number.isInteger(most) && most > 0 && most < longest ? most : undefined
    const pad = tokenText(settings['pad_token']) ?? tokenText(settings['eos_token']) ?? ''
    this.padding = encoder.idOf(pad) ?? 0
    this.left = {
      padding: settings['padding_side'] === 'left',
      truncation: settings['truncation_side'] === 'left',
    }
  }

  /** Throws TokenizerProblem. */
  static open(files: TokenizerFiles): ModelTokenizer {
    const settings = settingsOf(files)
    const sentencepiece = files['spiece.model']
    // transformers has no other reader of SigLIP's
    if (sentencepiece && classOf(files, settings) === 'SiglipTokenizer')
      return new ModelTokenizer(new SiglipEncoder(sentencepiece, files, settings), {
        ...siglipDefaults,
        ...settings,
      })
    const file = (['tokenizer.json', 'vocab.json'] as const).find((name) => files[name] !== undefined)
    if (file === undefined)
      throw new TokenizerProblem('spiece.model', 'such a model is read of a SiglipTokenizer alone')
    const whole = objectOf(files, 'tokenizer.json')
    try {
      const { json, settings: all } = whole
        ? withOwn({ ...whole, model: checkedModel(whole) }, settings)
        : fromVocabulary(files, settings)
      const added = withAdded(json, all, statedTokens(files, settings))
      return new ModelTokenizer(new JsonEncoder(added, all), all)
    } catch (error) {
      if (error instanceof TokenizerProblem) throw error
      throw new TokenizerProblem(file, `it is no tokenizer that can be read: ${brief(error)}`)
    }
  }

  /** The ids of a text, cut or padded to a length; begin and end stay. Throws TimeLimit. */
  ids(text: string, length: number): readonly number[] {
    // The patterns by which a text is split come from the file.
    const { head, content, tail } = within(patience, () => this.encoder.encode(text))
    const room = Math.max(length - head.length - tail.length, 0)
    const cut = Math.max(content.length - room, 0)
    const kept = this.left.truncation ? content.slice(cut) : content.slice(0, content.length - cut)
    const fitting = [...head, ...kept, ...tail].slice(0, length)
    const rest = Array.from({ length: length - fitting.length }, () => this.padding)
    return this.left.padding ? [...rest, ...fitting] : [...fitting, ...rest]
  }
}

const siglipDefaults = { pad_token: '</s>', eos_token: '</s>', model_max_length: 64 }

/** What a `tokenizer.json` says of padding and cutting counts where nothing beside it does. */
function withOwn(json: Settings, settings: Settings): { json: Settings; settings: Settings } {
  const { padding, truncation } = json
  const side = (direction: unknown): unknown =>
    typeof direction === 'string' ? direction.toLowerCase() : undefined
  const own = {
    ...(isSettings(padding)
      ? { pad_token: padding['pad_token'], padding_side: side(padding['direction']) }
      : {}),
    ...(isSettings(truncation) ? { truncation_side: side(truncation['direction']) } : {}),
  }
  return { json, settings: { ...own, ...settings } }
}

function fromVocabulary(files: TokenizerFiles, settings: Settings): { json: Settings; settings: Settings } {
  const name = classOf(files, settings)
  if (name !== undefined && name !== 'CLIPTokenizer')
    throw new TokenizerProblem(
      'tokenizer_config.json',
      `it is a ${name}; of tokenizers without tokenizer.json only CLIPTokenizer is known`,
    )
  return clipTokenizer(objectOf(files, 'vocab.json') ?? {}, files['merges.txt'] ?? '', settings)
}

const brief = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 120)
