import { createHash } from 'node:crypto'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Kept as the hub keeps large files: by the SHA-256 of their content. */
export interface Served {
  readonly content: Buffer
  readonly large?: boolean
  /** What the hub says, where it lies. */
  readonly claims?: { readonly hash?: string }
}

export const commit = 'c0ffee'.padEnd(40, '0')

/** The part of the Hugging Face hub that a fetch needs, on loopback: one model, `org/model`. */
export class HubServer {
  /** Every request for content: `path` or `path from-`. */
  readonly asked: string[] = []
  readonly authorizations = new Set<string | undefined>()
  /** Answers to everything, in place of what is asked for. */
  refuse: number | undefined
  /** What the listing says, in place of the files. */
  listing: unknown
  /** What the hub says of the model has no end: pages of files that lead to themselves, or one answer. */
  endless: 'pages' | 'answer' | undefined
  /** Content breaks off after so many bytes of each answer. */
  breakAfter = Infinity
  private readonly server: Server

  constructor(private readonly files: Readonly<Record<string, Served>>) {
    this.server = createServer((request, response) => this.answer(request, response))
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    this.authorizations.add(headers.authorization)
    if (this.refuse === 200) return void response.end('<html>Log in to the network</html>')
    if (this.endless === 'answer') return flood(response)
    if (this.refuse !== undefined) return json(response, { error: 'no' }, this.refuse)
    const [path = ''] = url.split('?')
    if (path === '/api/models/org/model/revision/main' || path === `/api/models/org/model/revision/${commit}`)
      return json(response, { _id: '1', id: 'org/model', sha: commit, lastModified: '2024-01-01' })
    const base = `http://${headers.host}`
    const tree = `/api/models/org/model/tree/${commit}`
    if (path === tree) return this.list(response, `${base}${tree}`, Number(/after=(\d+)/.exec(url)?.[1] ?? 0))
    const prefix = `/org/model/resolve/${commit}/`
    const file = path.startsWith(prefix) ? this.files[path.slice(prefix.length)] : undefined
    if (file) return this.send(response, path.slice(prefix.length), file, headers.range)
    json(response, { error: 'Repository not found' }, path.startsWith('/api') ? 401 : 404)
  }

  /** Two entries a page, as the hub gives a thousand. */
  private list(response: ServerResponse, tree: string, after: number): void {
    if (this.listing !== undefined) return json(response, this.listing)
    const entries = Object.entries(this.files).map(([path, { content, large, claims }]) => {
      const size = content.length
      const sha = claims?.hash ?? createHash('sha256').update(content).digest('hex')
      const git = claims?.hash ?? createHash('sha1').update(`blob ${size}\0`).update(content).digest('hex')
      return {
        type: 'file',
        path,
        size,
        oid: large ? '1'.repeat(40) : git,
        ...(large ? { lfs: { oid: sha, size, pointerSize: 130 } } : {}),
      }
    })
    const next = this.endless === 'pages' ? 0 : after + 2
    if (next < entries.length)
      response.setHeader('Link', `<${tree}?recursive=true&after=${next}>; rel="next"`)
    json(response, [
      { type: 'directory', path: 'unet', size: 0, oid: '0'.repeat(40) },
      ...entries.slice(after, next),
    ])
  }

  private send(response: ServerResponse, path: string, { content }: Served, range: string | undefined): void {
    const [, from = '0', to = `${content.length - 1}`] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? []
    const part = content.subarray(Number(from), Number(to) + 1)
    if (range !== 'bytes=0-0') this.asked.push(from === '0' ? path : `${path} ${from}-`)
    response.writeHead(range === undefined ? 200 : 206, {
      'Content-Length': part.length,
      'Content-Range': `bytes ${from}-${to}/${content.length}`,
      ETag: '"tag"',
    })
    if (part.length <= this.breakAfter) response.end(part)
    else response.write(part.subarray(0, this.breakAfter), () => response.destroy())
  }
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(value))
}

function flood(response: ServerResponse): void {
  const part = `"${'x'.repeat(1e6)}",`
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.write('[')
  const more = (): void => {
    while (!response.destroyed && response.write(part));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}
