import { resolve } from 'node:path'
import {
  badModelId,
  badToken,
  damagedDownload,
  hubUnreachable,
  modelAbsent,
  modelDenied,
} from '../diagnostics/catalogue/fetch.js'
import { type Diagnostic, UserError } from '../diagnostics/diagnostic.js'
import { fetchModel } from '../hub/fetch-model.js'
import { HubError } from '../hub/hub-error.js'
import type { HubFile, Selection } from '../hub/wanted-files.js'
import { type ModelId, defaultRevision, formatModelId, parseModelId } from '../model-id.js'
import { exitCodes } from './exit-codes.js'
import { FetchProgress } from './fetch-progress.js'

export interface FetchCommand {
  readonly revision?: string
  readonly subfolder: readonly string[]
  readonly to?: string
}

const nowhere = { file: 'fetch', start: 0, end: 0 }

/** `dcrc fetch`: puts the weights of a model and what belongs to them into the Hugging Face cache, or into a folder. */
export async function fetch(text: string, { revision, subfolder, to }: FetchCommand): Promise<number> {
  const folders = subfolder.length > 0 ? subfolder : ['']
  const ids = folders.map((folder) => idOf(text, folder, revision))
  const endpoint = (process.env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, '')
  const token = process.env['HF_TOKEN'] || undefined
  if (token !== undefined && !token.startsWith('hf_')) throw new UserError(badToken(nowhere, {}))
  for (const id of ids) {
    const progress = new FetchProgress(process.stderr)
    try {
      const folder = await fetchModel(id, {
        endpoint,
        token,
        to: to === undefined ? undefined : resolve(to),
        onSelected: (selection: Selection) => progress.begin(formatModelId(id), selection),
        onProgress: (file: HubFile, done: number) => progress.show(file, done),
      })
      progress.end()
      process.stdout.write(`${folder}\n`)
    } catch (error) {
      progress.end()
      throw error instanceof HubError
        ? new UserError(diagnosticOf(error, id, endpoint, token !== undefined))
        : error
    }
  }
  return exitCodes.done
}

/** The model that a command line names; a revision or folder given by itself must not contradict it. */
function idOf(text: string, folder: string, revision: string | undefined): ModelId {
  const id = parseModelId(text)
  const whole = id && {
    ...id,
    ...(revision === undefined ? {} : { revision }),
    ...(folder && { inside: folder }),
  }
  const twice =
    id && ((folder !== '' && id.inside !== '') || (revision !== undefined && id.revision !== defaultRevision))
  if (!whole || twice || !parseModelId(formatModelId(whole)))
    throw new UserError(badModelId(nowhere, { id: whole ? formatModelId(whole) : text }))
  return whole
}

function diagnosticOf(
  { fault, problem }: HubError,
  model: ModelId,
  endpoint: string,
  token: boolean,
): Diagnostic {
  const id = formatModelId(model)
  const page = `${endpoint}/${model.repo}`
  switch (fault) {
    case 'denied':
      return modelDenied(nowhere, { id, problem, page, token })
    case 'absent':
      return modelAbsent(nowhere, { id, problem, page })
    case 'unreachable':
    case 'broken':
      return hubUnreachable(nowhere, { id, problem })
    case 'damaged':
      return damagedDownload(nowhere, { id, problem })
  }
}
