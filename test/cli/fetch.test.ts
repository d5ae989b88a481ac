import { existsSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { HubServer, commit } from '../hub/hub-server.js'
import { Installed } from './installed.js'

/* Aim: `dcrc fetch` as a user sees it, against a hub on loopback: what it prints, where files go, how it fails. */

let dcrc: Installed
let hub: HubServer
let endpoint: string
const variables = ['HF_ENDPOINT', 'HF_HUB_CACHE', 'HF_TOKEN']
const kept = variables.map((name) => process.env[name])
const set = (name: string, value: string | undefined): void => {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
beforeAll(() => (dcrc = Installed.build()))
afterAll(() => dcrc.remove())
beforeEach(async () => {
  hub = new HubServer({
    'config.json': { content: Buffer.from('{}') },
    'model.safetensors': { content: Buffer.alloc(2_500_000), large: true },
    'safety_checker/model.safetensors': { content: Buffer.from('x'), large: true },
  })
  endpoint = await hub.listen()
  set('HF_ENDPOINT', `${endpoint}/`)
  set('HF_HUB_CACHE', dcrc.path('cache'))
  set('HF_TOKEN', undefined)
})
afterEach(async () => {
  await hub.close()
  variables.forEach((name, i) => set(name, kept[i]))
})

test('prints the files into a pipe, and the folder alone on stdout', async () => {
  const { code, stdout, stderr } = await dcrc.dcrc('fetch org/model')
  expect([code, stdout]).toEqual([0, `<work>/cache/models--org--model/snapshots/${commit}\n`])
  expect(stderr.split('\n')).toEqual([
    'org/model: 2 files, 2.50 MB, without the weights of safety_checker, which no model reads',
    '  config.json  2 B',
    '  model.safetensors  2.50 MB',
    '',
  ])
})

test('--to, --revision and --subfolder', async () => {
  const line = `fetch org/model --revision ${commit} --subfolder safety_checker --to weights/model`
  expect(await dcrc.dcrc(line)).toMatchObject({ code: 0, stdout: '<work>/weights/model\n' })
  expect(existsSync(dcrc.path('weights/model/safety_checker/model.safetensors'))).toBe(true)
  expect(existsSync(dcrc.path('weights/model/model.safetensors'))).toBe(false)
})

test.each([
  [
    'fetch other/model',
    'fetch/denied',
    'see ENDPOINT/other/model: the id may be misspelt; a model that is private or has terms to accept needs a token in HF_TOKEN',
  ],
  ['fetch org/model/vae', 'fetch/absent', 'what there is: ENDPOINT/org/model'],
  ['fetch model', 'fetch/id', 'an id is written `org/name`, `org/name/folder` or `org/name@revision`'],
  ['fetch org/model/unet --subfolder vae', 'fetch/id', 'an id is written'],
])('%s is refused with %s', async (line, code, help) => {
  const { code: exit, stdout, stderr } = await dcrc.dcrc(line)
  expect([exit, stdout]).toEqual([1, ''])
  expect(stderr).toContain(`error[${code}]: `)
  expect(stderr.replaceAll(endpoint, 'ENDPOINT')).toContain(`help: ${help}`)
})

test('a hub that is not there, and a token that is none', async () => {
  await hub.close()
  const { code, stderr } = await dcrc.dcrc('fetch org/model')
  expect([code, stderr.replaceAll(endpoint, 'ENDPOINT')]).toEqual([
    1,
    `error[fetch/unreachable]: org/model was not fetched: ENDPOINT cannot be reached (ECONNREFUSED)
  --> fetch
  help: the same command goes on where this one ended
`,
  ])
  set('HF_TOKEN', 'secret')
  const refused = await dcrc.dcrc('fetch org/model')
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^error\[fetch\/token\]/)])
  expect(refused.stderr).not.toContain('secret')
})
