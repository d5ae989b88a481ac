import { HubApiError, InvalidApiResponseFormatError } from '@huggingface/hub'

/** Why a model was not fetched. */
export type HubFault = 'denied' | 'absent' | 'unreachable' | 'broken' | 'damaged'

export class HubError extends Error {
  override readonly name = 'HubError'
  constructor(
    readonly fault: HubFault,
    readonly problem: string,
  ) {
    super(problem)
  }
}

/** The reason behind an error of the hub's client or of the network; undefined where it is of neither. */
export function hubError(error: unknown, endpoint: string): HubError | undefined {
  if (error instanceof HubError) return error
  // A page in place of data, as a network that asks for a login sends.
  if (error instanceof InvalidApiResponseFormatError || error instanceof SyntaxError)
    return new HubError('damaged', `${endpoint} answers what is no answer of a hub`)
  const status = error instanceof HubApiError ? error.statusCode : undefined
  // The hub answers 401 where a model does not exist, too, so that nobody learns which private ones there are.
  if (status === 401 || status === 403) return new HubError('denied', `${endpoint} answers ${status}`)
  if (status === 404) return new HubError('absent', `${endpoint} answers 404`)
  if (status !== undefined) return new HubError('unreachable', `${endpoint} answers ${status}`)
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message)
    ? new HubError('unreachable', `${endpoint} cannot be reached${reason(error)}`)
    : undefined
}

function reason({ cause }: Error): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? ` (${code})` : ''
}
