import { existsSync, statSync } from 'node:fs'
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { downloadFile, listFiles, modelInfo } from '@huggingface/hub'
import { z } from 'zod'
import { writeFile } from '../disk.js'
import { inside } from '../inside.js'
import type { ModelId } from '../model-id.js'
import { modelCache } from '../weights/hub-cache.js'
import { boundedFetch } from './bounded-fetch.js'
import { download } from './download.js'
import { HubError, hubError } from './hub-error.js'
import { type HubFile, type Selection, hasWeights, selectFiles } from './wanted-files.js'

export interface FetchOptions {
  /** A folder for the files; the Hugging Face cache by default. */
  readonly to?: string | undefined
  /** The hub's address. */
  readonly endpoint: string
  readonly token?: string | undefined
  readonly env?: NodeJS.ProcessEnv
  /** The files, before the first is fetched. */
  readonly onSelected: (selection: Selection) => void
  readonly onProgress: (file: HubFile, done: number) => void
}

/**
 * Fetches what is needed of a model, into a folder or into the cache that Hugging Face's libraries share: content in
 * `blobs` by its hash, links to it in `snapshots/<commit>`, and the commit of a revision in `refs` once all is there.
 * Gives the folder. Throws HubError.
 */
export async function fetchModel(id: ModelId, options: FetchOptions): Promise<string> {
  const { endpoint, token, to } = options
  const hub = { hubUrl: endpoint, ...(token === undefined ? {} : { accessToken: token }) }
  const told = { ...hub, fetch: boundedFetch(endpoint) }
  try {
    const { sha: commit } = await modelInfo({
      ...told,
      name: id.repo,
      revision: id.revision,
      additionalFields: ['sha'],
    })
    if (!/^[0-9a-f]{40}$/.test(commit))
      throw new HubError('damaged', `${endpoint} names the commit ${commit}`)
    const selection = selectFiles(await listed(id, commit, told), id.inside)
    if (!hasWeights(selection)) return noWeights(id)
    options.onSelected(selection)
    const cache = modelCache(id, options.env)
    const folder = to ?? join(cache, 'snapshots', commit)
    for (const file of selection.wanted) {
      const place = inside(folder, ...file.path.split('/'))
      const target = to === undefined ? join(cache, 'blobs', file.hash) : place
      await download({
        file,
        target,
        endpoint,
        onProgress: (done) => options.onProgress(file, done),
        open: async () => {
          // Content by ranges: what is there already is not asked for again.
          const blob = await downloadFile({
            ...hub,
            repo: id.repo,
            path: file.path,
            revision: commit,
            xet: false,
          })
          return blob ?? absent(file)
        },
      })
      if (target !== place) await link(target, place)
    }
    if (to === undefined && id.revision !== commit) {
      await mkdir(join(cache, 'refs'), { recursive: true })
      await writeFile(join(cache, 'refs', id.revision), commit)
    }
    return folder
  } catch (error) {
    throw hubError(error, endpoint) ?? error
  }
}

function noWeights({ repo, inside }: ModelId): never {
  throw new HubError(
    'absent',
    `${repo} has no weights ${inside === '' ? 'under the names that are read' : `in ${inside}`}`,
  )
}

function absent({ path }: HubFile): never {
  throw new HubError('damaged', `the hub lists ${path} and does not have it`)
}

async function listed(
  { repo }: ModelId,
  revision: string,
  hub: { readonly hubUrl: string; readonly accessToken?: string; readonly fetch: typeof fetch },
): Promise<HubFile[]> {
  const files: HubFile[] = []
  for await (const listing of listFiles({ ...hub, repo, revision, recursive: true })) {
    const entry = entrySchema.safeParse(listing)
    if (!entry.success) throw new HubError('damaged', 'the hub lists what is no file')
    const { type, path, size, oid, lfs } = entry.data
    if (type !== 'file') continue
    const hash = lfs?.oid ?? oid ?? ''
    // Paths and hashes become names of files here.
    if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(hash) || !isInside(path))
      throw new HubError('damaged', `the hub lists a file ${JSON.stringify(path)} that cannot be one`)
    files.push({ path, size: lfs?.size ?? size, hash, large: lfs !== undefined })
  }
  return files
}

const size = z.int().nonnegative()
const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size,
  oid: z.string().optional(),
  lfs: z.object({ oid: z.string(), size }).optional(),
})

const isInside = (path: string): boolean =>
  !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** Puts a link to a blob at its place, or a copy where links are not allowed. */
async function link(blob: string, place: string): Promise<void> {
  if (existsSync(place) && statSync(place).size === statSync(blob).size) return
  await mkdir(dirname(place), { recursive: true })
  await rm(place, { force: true })
  try {
    await symlink(relative(dirname(place), blob), place)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error
    await copyFile(blob, place)
  }
}
