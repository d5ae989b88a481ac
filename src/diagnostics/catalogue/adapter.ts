import { define } from '../define.js'
import type { Label, Span } from '../diagnostic.js'
import { type Mismatch, mismatchParts } from '../mismatch.js'

export const badAdapter = define<{ message: string; help?: string | undefined }>(
  'adapter/arguments',
  'error',
  `
An adapter is made by \`lora\`, of one model or parts of one:

\`\`\`dcr
adapter enc = lora(clip.vision_model, clip.visual_projection, rank = 16, alpha = 16, dropout = 0.1, train_bias = true)
\`\`\`

\`rank\` is required; \`alpha\` is the rank, \`dropout\` 0 and \`train_bias\` false unless given. \`rank_pattern\` and
\`alpha_pattern\` give layers numbers of their own, \`modules_to_save\` names parts of the model that are trained whole with it:

\`\`\`dcr
adapter enc = lora(clip.vision_model, rank = 16, rank_pattern = [("fc1", 8)], modules_to_save = [clip.visual_projection])
\`\`\`
`,
  (p) => p,
)

export const nothingToAdapt = define<{ what: string }>(
  'adapter/nothing-to-adapt',
  'error',
  `
An adapter stands beside the \`weight\` of linear layers and convolutions: modules that call \`linear\` or \`conv\` with it.
The part that it is given has none.

\`\`\`dcr
adapter enc = lora(clip.vision_model.pre_layrnorm, rank = 8)   // wrong: a normalisation
adapter enc = lora(clip.vision_model.encoder, rank = 8)        // right
\`\`\`
`,
  ({ what }) => ({
    message: `${what} has no linear layer and no convolution to adapt`,
    help: 'name a part with modules such as `Linear` or `Conv2d`',
  }),
)

export const adaptedTwice = define<{ path: string; adapters: readonly [string, string]; first: Span }>(
  'adapter/adapted-twice',
  'error',
  `
Two adapters stand beside the same weight.

\`\`\`dcr
adapter low = lora(clip.vision_model, rank = 4)
adapter high = lora(clip.vision_model.encoder, rank = 16)    // wrong: a part of the same model
adapter high = lora(clip.text_model.encoder, rank = 16)      // right
\`\`\`
`,
  ({ path, adapters: [first, second], first: at }) => ({
    message: `\`${path}\` is adapted by \`${first}\` and by \`${second}\``,
    labels: [{ span: at, message: `adapted by \`${first}\` here` }] satisfies Label[],
    help: 'let the adapters name parts that do not overlap',
  }),
)

export const adaptedAndTrained = define<{ path: string; adapter: string }>(
  'adapter/also-trained',
  'error',
  `
A stage trains an adapter and the weight that it stands beside. An adapter is there so that the weight stays as it is.

\`\`\`dcr
stage fit { train enc, clip.visual_projection }   // wrong: \`enc\` adapts that projection
stage fit { train enc, clip.text_projection }     // right
\`\`\`
`,
  ({ path, adapter }) => ({
    message: `\`${path}\` is trained beside the adapter \`${adapter}\` of it`,
    help: 'train one of the two',
  }),
)

export const adapterFile = define<{
  adapter: string
  file: string
  problem: string
  help?: string | undefined
}>(
  'adapter/file',
  'error',
  `
\`adapter enc = lora(...) from "folder"\` starts from an adapter that peft saved, or that a run exported. Its folder holds
\`adapter_config.json\` and \`adapter_model.safetensors\` or \`adapter_model.bin\`, and both must be of the adapter that the pipeline declares: the
same layers, rank, alpha and biases.

\`\`\`dcr
adapter enc = lora(clip.vision_model, rank = 16, alpha = 16) from "runs/dcr/1/export/enc"
\`\`\`
`,
  ({ adapter, file, problem, help }) => ({
    message: `adapter \`${adapter}\` cannot start from ${file}: ${problem}`,
    help,
  }),
)

export const mismatchedAdapter = define<{ adapter: string; file: string } & Mismatch>(
  'adapter/mismatch',
  'error',
  `
The tensors of a file of peft's and the factors of the adapter must be the same. An adapter stands beside the \`weight\` of
linear layers and convolutions; peft can also adapt embeddings (\`lora_embedding_A\`), which is not read here.

\`\`\`dcr
adapter enc = lora(clip.vision_model, rank = 16, alpha = 16) from "enc"    // the file adapts both towers
adapter enc = lora(clip, rank = 16, alpha = 16) from "enc"                 // right
\`\`\`
`,
  ({ adapter, file, ...mismatch }) => {
    const embeddings = mismatch.unused.some((name) => name.includes('.lora_embedding_'))
    return {
      message: [`${file} does not fit adapter \`${adapter}\``, ...mismatchParts(mismatch, 'adapter')].join(
        '; ',
      ),
      help: embeddings
        ? 'adapters of embeddings are not read: merge the adapter in Python, `PeftModel.from_pretrained(model, folder).merge_and_unload()`, save the model and let `from` name that'
        : mismatch.different.length > 0 && mismatch.missing.length + mismatch.unused.length === 0
          ? 'let `rank` and the layers be those of the file'
          : 'let `lora(...)` name the layers of the file: `target_modules` of adapter_config.json says which',
    }
  },
)

export const groupedConvolution = define<{ path: string; adapter: string; groups: number }>(
  'adapter/grouped-convolution',
  'error',
  `
An adapter of a convolution is a convolution over all channels, so it fits only one without groups.
`,
  ({ path, adapter, groups }) => ({
    message: `\`${adapter}\` adapts \`${path}\`, which is called as a convolution in ${groups} groups`,
    help: 'let the adapter name parts without grouped convolutions',
  }),
)

export const lostBiases = define<{ adapter: string; file: string }>(
  'adapter/biases-lost',
  'warning',
  `
The configuration of an adapter says that the biases of its layers were trained, and its file holds none: versions of peft
before 0.17 do not save them. The biases of the model stay, as when peft loads such a file.
`,
  ({ adapter, file }) => ({
    message: `${file} holds none of the biases that adapter \`${adapter}\` trains: those of the model stay`,
    help: 'save the adapter again where it was trained, with peft 0.17 or newer; what was not saved is lost',
  }),
)
