import { define } from '../define.js'

export const badModelId = define<{ id: string }>(
  'fetch/id',
  'error',
  `
\`dcrc fetch\` takes ids of models as the Hugging Face hub writes them, with an owner and a name, and if only a part is
needed its folder or file.

\`\`\`sh
dcrc fetch openai/clip-vit-large-patch14
dcrc fetch stabilityai/stable-diffusion-2-1-base/unet
dcrc fetch org/name@revision
\`\`\`
`,
  ({ id }) => ({
    message: `\`${id}\` is no id of a model`,
    help: 'an id is written `org/name`, `org/name/folder` or `org/name@revision`',
  }),
)

export const modelDenied = define<{ id: string; problem: string; page: string; token: boolean }>(
  'fetch/denied',
  'error',
  `
The hub does not show the model. It may not exist (the hub then answers so, too), be private, or be one whose terms have
to be accepted on its page first. For the last two the hub wants to know who asks: put a token of your account into the
variable \`HF_TOKEN\`. It is sent to the hub alone.

\`\`\`sh
HF_TOKEN=hf_... dcrc fetch black-forest-labs/FLUX.1-dev/vae
\`\`\`
`,
  ({ id, problem, page, token }) => ({
    message: `${id} is not to be had: ${problem}`,
    help: token
      ? `see ${page}: the id may be misspelt, or its terms may have to be accepted`
      : `see ${page}: the id may be misspelt; a model that is private or has terms to accept needs a token in HF_TOKEN`,
  }),
)

export const modelAbsent = define<{ id: string; problem: string; page: string }>(
  'fetch/absent',
  'error',
  `
The hub has no such model, revision or folder, or nothing in it that \`from\` reads: weights in safetensors or \`.bin\` under
the names of transformers and diffusers.
`,
  ({ id, problem, page }) => ({ message: `${id}: ${problem}`, help: `what there is: ${page}` }),
)

export const hubUnreachable = define<{ id: string; problem: string }>(
  'fetch/unreachable',
  'error',
  `
The hub did not answer, or broke off. What has arrived is kept, and the same command goes on from there. \`HF_ENDPOINT\` is
the address of another hub, such as a mirror. On a machine without network, fetch the files elsewhere and copy the folder:
\`from\` takes a path, too.
`,
  ({ id, problem }) => ({
    message: `${id} was not fetched: ${problem}`,
    help: 'the same command goes on where this one ended',
  }),
)

export const damagedDownload = define<{ id: string; problem: string }>(
  'fetch/damaged',
  'error',
  `
What the hub sent is not what it says: a file with another hash, a path that leads out of the folder, an answer that cannot
be read. Nothing of it was kept.
`,
  ({ id, problem }) => ({
    message: `${id} was not fetched: ${problem}`,
    help: 'try again; if it stays so, the hub or what is between is at fault',
  }),
)

export const badToken = define<Record<string, never>>(
  'fetch/token',
  'error',
  `
\`HF_TOKEN\` does not hold a token of the Hugging Face hub; these begin with \`hf_\`.
`,
  () => ({
    message: 'HF_TOKEN holds no token of the hub',
    help: 'tokens begin with `hf_`; unset it to fetch without one',
  }),
)
