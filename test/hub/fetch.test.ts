import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fetchModel } from '../../src/hub/fetch-model.js'
import { HubError } from '../../src/hub/hub-error.js'
import { findWeights } from '../../src/weights/find.js'
import { parseModelId } from '../../src/model-id.js'
import { HubServer, type Served, commit } from './hub-server.js'

/*
 * Aim: a fetch leaves what Hugging Face's own libraries would find, and nothing that is half or wrong, whatever the
 * network does.
 */

const weights = Buffer.alloc(300_000, 'weights ')
const files: Record<string, Served> = {
  'config.json': { content: Buffer.from('{"a": 1}') },
  'model.safetensors': { content: weights, large: true },
  'pytorch_model.bin': { content: Buffer.from('other'), large: true },
  'unet/config.json': { content: Buffer.from('{"b": 2}') },
  'unet/diffusion_pytorch_model.safetensors': { content: Buffer.from('unet'), large: true },
}

let folder: string
let env: NodeJS.ProcessEnv
let hub: HubServer
let endpoint: string
async function serve(served: Record<string, Served>): Promise<void> {
  hub = new HubServer(served)
  endpoint = await hub.listen()
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  env = { HF_HUB_CACHE: join(folder, 'hub') }
  await serve(files)
})
afterEach(async () => {
  await hub.close()
  rmSync(folder, { recursive: true })
})

const model = (...parts: string[]): string => join(folder, 'hub/models--org--model', ...parts)
function fetch(text = 'org/model', more: { to?: string; token?: string } = {}): Promise<string> {
  const id = parseModelId(text)
  if (!id) throw new Error(text)
  const nothing = (): void => undefined
  return fetchModel(id, { endpoint, env, onSelected: nothing, onProgress: nothing, ...more })
}

async function failure(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.catch((e: unknown) => e)
  if (!(error instanceof HubError)) throw new Error(`not refused: ${String(error)}`)
  return `${error.fault}: ${error.problem.replaceAll(endpoint, 'HUB')}`
}

test('lays a model out as Hugging Face does: blobs by their hash, links to them, and the revision', async () => {
  expect(await fetch()).toBe(model('snapshots', commit))
  for (const [name, { content }] of Object.entries(files)) {
    const link = model('snapshots', commit, name)
    if (name === 'pytorch_model.bin') expect(existsSync(link)).toBe(false)
    else {
      expect(readFileSync(link).equals(content)).toBe(true)
      expect(lstatSync(link).isSymbolicLink()).toBe(true)
      expect(readlinkSync(link)).toMatch(/^(?:\.\.\/)+blobs\/(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
    }
  }
  expect(readFileSync(model('refs/main'), 'utf8')).toBe(commit)
  expect(findWeights('org/model', folder, env)).toMatchObject({ kind: 'found', format: 'safetensors' })
  expect(findWeights('org/model/unet', folder, env)).toMatchObject({
    kind: 'found',
    folder: model('snapshots', commit, 'unet'),
  })
  const asked = hub.asked.length
  expect(asked).toBe(4)
  await fetch()
  expect(hub.asked).toHaveLength(asked)
})

test('fetches one folder, or one file with the settings beside it, and then the rest', async () => {
  await fetch('org/model/unet')
  expect(hub.asked.toSorted()).toEqual(['unet/config.json', 'unet/diffusion_pytorch_model.safetensors'])
  hub.asked.length = 0
  await fetch('org/model/pytorch_model.bin')
  expect(hub.asked.toSorted()).toEqual(['config.json', 'pytorch_model.bin'])
  hub.asked.length = 0
  await fetch()
  expect(hub.asked).toEqual(['model.safetensors'])
})

test('takes a commit as a revision, and needs no name for it', async () => {
  await fetch(`org/model@${commit}`)
  expect(existsSync(model('refs'))).toBe(false)
  expect(findWeights(`org/model@${commit}`, folder, env)).toMatchObject({ kind: 'found' })
})

test('puts plain files into a folder, and replaces those that are others', async () => {
  const to = join(folder, 'weights/model')
  expect(await fetch('org/model', { to })).toBe(to)
  expect(readdirSync(to).toSorted()).toEqual(['config.json', 'model.safetensors', 'unet'])
  expect(existsSync(join(folder, 'hub'))).toBe(false)
  expect(findWeights('weights/model', folder, env)).toMatchObject({ kind: 'found' })
  hub.asked.length = 0
  writeFileSync(join(to, 'config.json'), '{"a": 9}')
  await fetch('org/model', { to })
  expect(hub.asked).toEqual(['config.json'])
  expect(readFileSync(join(to, 'config.json'), 'utf8')).toBe('{"a": 1}')
})

test('sends a token to the hub, and none where there is none', async () => {
  await fetch('org/model/unet')
  expect([...hub.authorizations]).toEqual([undefined])
  hub.authorizations.clear()
  await fetch('org/model', { token: 'hf_secret' })
  expect([...hub.authorizations]).toEqual(['Bearer hf_secret'])
})

describe('a connection that breaks', () => {
  test('is taken up where it ended', async () => {
    hub.breakAfter = 100_000
    await fetch()
    expect(hub.asked.filter((name) => name.startsWith('model.'))).toEqual([
      'model.safetensors',
      'model.safetensors 100000-',
      'model.safetensors 200000-',
    ])
    expect(readFileSync(model('snapshots', commit, 'model.safetensors')).equals(weights)).toBe(true)
  })

  test('for good leaves what came, under another name, and the next fetch goes on from there', async () => {
    hub.breakAfter = 0
    expect(await failure(fetch('org/model/unet'))).toMatch(/^(?:broken|unreachable): /)
    expect(existsSync(model('refs'))).toBe(false)
    expect(findWeights('org/model/unet', folder, env)).toMatchObject({ kind: 'missing' })

    hub.breakAfter = 120_000
    const stop = fetch('org/model/model.safetensors')
    // after the second part the hub is gone
    while (hub.asked.filter((name) => name.startsWith('model.')).length < 2)
      await new Promise((r) => setTimeout(r, 1))
    hub.breakAfter = 0
    expect(await failure(stop)).toMatch(
      /^broken: the connection broke off at \d+ of 300000 bytes of model\.safetensors$/,
    )
    const part = readdirSync(model('blobs')).filter((name) => name.endsWith('.incomplete'))
    expect(part.length).toBeGreaterThan(0)
    expect(existsSync(model('snapshots', commit, 'model.safetensors'))).toBe(false)

    hub.breakAfter = Infinity
    hub.asked.length = 0
    await fetch('org/model/model.safetensors')
    expect(hub.asked.filter((name) => name.startsWith('model.'))).toEqual([
      expect.stringMatching(/^model\.safetensors [1-9]\d+-$/),
    ])
    expect(readFileSync(model('snapshots', commit, 'model.safetensors')).equals(weights)).toBe(true)
    expect(readdirSync(model('blobs')).filter((name) => name.startsWith('model'))).toEqual([])
  })
})

test('a folder that is not to be written to is told as what it is', async () => {
  writeFileSync(join(folder, 'hub'), '')
  await expect(fetch()).rejects.toThrow(/^(?:ENOTDIR|EEXIST)/)
})

describe('a hub that lies', () => {
  const weightsWith = (claims: Served['claims']): Record<string, Served> => ({
    'model.safetensors': { content: weights, large: true, ...(claims ? { claims } : {}) },
  })

  test('about the hash of a file', async () => {
    await hub.close()
    await serve(weightsWith({ hash: 'a'.repeat(64) }))
    expect(await failure(fetch())).toBe(
      'damaged: what HUB sent as model.safetensors has another hash than it says',
    )
    expect(readdirSync(model('blobs'))).toEqual([])
    expect(existsSync(model('snapshots'))).toBe(false)
  })

  test.each([
    '../../outside.safetensors',
    '/etc/model.safetensors',
    'a/./model.safetensors',
    'a\\model.safetensors',
  ])('with a file %s', async (path) => {
    await hub.close()
    await serve({ ...files, [path]: { content: weights, large: true } })
    expect(await failure(fetch())).toBe(
      `damaged: the hub lists a file ${JSON.stringify(path)} that cannot be one`,
    )
    expect(existsSync(join(folder, 'hub'))).toBe(false)
  })

  test.each([[[{}]], [[{ type: 'file', path: 3, size: 1, oid: 'a'.repeat(40) }]], [[null]]])(
    'with a listing %j',
    async (listing) => {
      hub.listing = listing
      expect(await failure(fetch())).toBe('damaged: the hub lists what is no file')
    },
  )

  test('without an end', async () => {
    hub.endless = 'pages'
    expect(await failure(fetch())).toBe('damaged: HUB lists files on more than 200 pages')
    hub.endless = 'answer'
    expect(await failure(fetch())).toBe('damaged: HUB sends an answer of more than 16777216 bytes')
  })

  test('with a hash that leads out', async () => {
    await hub.close()
    await serve(weightsWith({ hash: '../../../evil' }))
    expect(await failure(fetch())).toMatch(/^damaged: /)
    expect(existsSync(join(folder, 'hub'))).toBe(false)
  })
})

describe('a hub that says no', () => {
  test.each([
    [401, 'denied: HUB answers 401'],
    [403, 'denied: HUB answers 403'],
    [404, 'absent: HUB answers 404'],
    [503, 'unreachable: HUB answers 503'],
    // a network that asks for a login
    [200, 'damaged: HUB answers what is no answer of a hub'],
  ])('%i', async (status, words) => {
    hub.refuse = status
    expect(await failure(fetch())).toBe(words)
  })

  test('to a folder without weights', async () => {
    expect(await failure(fetch('org/model/vae'))).toBe('absent: org/model has no weights in vae')
  })

  test('by not being there', async () => {
    await hub.close()
    expect(await failure(fetch())).toBe('unreachable: HUB cannot be reached (ECONNREFUSED)')
    await serve(files)
  })
})
