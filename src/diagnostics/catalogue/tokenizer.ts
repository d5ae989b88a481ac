import { define } from '../define.js'

export const noTokenizer = define<{ model: string; looked: readonly string[] }>(
  'tokenizer/missing',
  'error',
  `
\`model.tokenize("text")\` takes the tokenizer of the model's directory: \`tokenizer.json\`, or \`vocab.json\` and
\`merges.txt\` of CLIP, there or, for a \`text_encoder\` of Stable Diffusion, in the folder \`tokenizer\` beside it
(\`tokenizer_2\` for \`text_encoder_2\`), or \`spiece.model\` of SigLIP, which counts before a \`tokenizer.json\` beside it, as
in transformers. The directory is there and holds none of them.
`,
  ({ model, looked }) => ({
    message: `\`${model}\` has no tokenizer: none of ${looked.join(', ')} is there`,
    help: 'fetch the tokenizer of the model, or give the ids: `constant([[49406, 49407]])`',
  }),
)

export const noDirectory = define<{ model: string }>(
  'tokenizer/none',
  'error',
  `
\`tokenize\` takes the tokenizer of the directory that a model is read from. A model without \`from\` has none.
`,
  ({ model }) => ({
    message: `\`${model}\` is read from no directory that could hold a tokenizer`,
    help: `say where it lies: \`model ${model} = ... from "directory"\``,
  }),
)

export const badTokenizer = define<{ path: string; why: string }>(
  'tokenizer/unreadable',
  'error',
  `
A file of the tokenizer cannot be taken: it is damaged, larger than any tokenizer, or of a kind that is not known.
`,
  ({ path, why }) => ({
    message: `${path}: ${why}`,
    help: 'fetch the file again; transformers saves any fast tokenizer as tokenizer.json',
  }),
)

export const noTextLength = define<{ model: string; module: string }>(
  'tokenizer/length',
  'error',
  `
Texts are padded and cut to the length that the model reads. A module says it as its value \`text_length\`, and the
tokenizer's \`model_max_length\` may be shorter. Here neither says a length.

\`\`\`dcr
module TextModel(config: TextConfig) {
  text_length = config.max_position_embeddings
}
\`\`\`
`,
  ({ model, module }) => ({
    message: `how many tokens \`${model}\` reads is not said: \`${module}\` has no \`text_length\``,
    help: 'a model of texts says it: `text_length = 77`',
  }),
)

export const idOutside = define<{ model: string; id: number; rows: number }>(
  'tokenizer/outside',
  'error',
  `
The tokenizer of the model's directory gives this text an id for which the model has no row: tokens were added to it and
the model was not made larger, or it is of another model. A module says as its value \`vocab_size\` how many ids it has.

\`\`\`dcr
module TextModel(config: TextConfig) {
  text_length = config.max_position_embeddings
  vocab_size = config.vocab_size
}
\`\`\`
`,
  ({ model, id, rows }) => ({
    message: `the tokenizer of \`${model}\` gives the id ${id} for this text, the model has ${rows} ids, 0 to ${rows - 1}`,
    help: 'take tokenizer and weights of one model; after `tokenizer.add_tokens` in Python, save the model behind `model.resize_token_embeddings(len(tokenizer))`',
  }),
)
