import { HubError } from './hub-error.js'

/** A listing of a thousand files a page; the largest models have some hundred. */
const mostRequests = 200
/** Of one answer: a page of a listing has a tenth of it. */
const mostBytes = 16 * 1024 * 1024
/** For one answer, to its last byte. */
const mostSeconds = 60

/**
 * `fetch` for what the hub says of a model, not for its files: so many requests, so many bytes an answer, so long each. A
 * listing whose pages lead to each other for ever, or an answer without an end, is no answer of a hub.
 */
export function boundedFetch(endpoint: string, seconds = mostSeconds): typeof fetch {
  let requests = 0
  const refuse = (why: string): HubError => new HubError('damaged', `${endpoint} ${why}`)
  return async (input, init) => {
    if (++requests > mostRequests) throw refuse(`lists files on more than ${mostRequests} pages`)
    const clock = AbortSignal.timeout(seconds * 1000)
    const slow = (): HubError => refuse(`takes longer than ${seconds} seconds for an answer`)
    try {
      const response = await fetch(input, { ...init, signal: clock })
      const bytes = await wholeBody(response, () => refuse(`sends an answer of more than ${mostBytes} bytes`))
      const { status, statusText, headers } = response
      const answer = new Response(bytes.length > 0 ? bytes : null, { status, statusText, headers })
      // The hub's client looks at where an answer came from.
      return Object.defineProperty(answer, 'url', { value: response.url })
    } catch (error) {
      throw clock.aborted ? slow() : error
    }
  }
}

async function wholeBody(response: Response, tooLong: () => HubError): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > mostBytes) throw tooLong()
    parts.push(part)
  }
  return Buffer.from(Buffer.concat(parts))
}
