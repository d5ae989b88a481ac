import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type CodeAction,
  type Hover,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
  type WorkspaceEdit,
  createProtocolConnection,
} from 'vscode-languageserver/node'
import { Installed } from '../cli/installed.js'

const text = `use std.nn { Linear }

pipeline p {
  data rows = mnist(split = "train", size = 32) rows 8 { image: f32[3, 32, 32] = image }
  model m = Linear(3 * 32 * 32, 10)
  loss size = mean(m(flatten(rows.image, 1)) ** 2)
  stage s {
    train m
    minimize size
    optimizer sgd(lr = 0.1)
    steps 10
  }
  export m
}
`

let installed: Installed
let editor: ProtocolConnection
let ended: Promise<number | null>
const published: PublishDiagnosticsParams[] = []

/** The next message about diagnostics that fits. */
async function told(fits: (message: PublishDiagnosticsParams) => boolean): Promise<PublishDiagnosticsParams> {
  for (;;) {
    const at = published.findIndex(fits)
    if (at >= 0) return published.splice(0, at + 1).at(-1) as PublishDiagnosticsParams
    await new Promise((wait) => setTimeout(wait, 20))
  }
}

const codes = ({ diagnostics }: PublishDiagnosticsParams): readonly unknown[] =>
  diagnostics.map((d) => d.code)

beforeAll(() => {
  installed = Installed.build()
  const child = installed.talk(['lsp', '--stdio'])
  ended = new Promise((done) => child.on('close', done))
  editor = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  )
  editor.onNotification('textDocument/publishDiagnostics', (message: PublishDiagnosticsParams) => {
    published.push(message)
  })
  editor.listen()
})
afterAll(() => {
  editor.dispose()
  installed.remove()
})

test('an editor opens, edits, asks and closes over standard input and output', async () => {
  const root = pathToFileURL(installed.folder).href
  const uri = `${root}/a.dcr`
  const { capabilities } = await editor.sendRequest<InitializeResult>('initialize', {
    processId: process.pid,
    rootUri: root,
    capabilities: {},
  })
  expect(capabilities.renameProvider).toBeTruthy()
  await editor.sendNotification('initialized', {})

  const open = { uri, languageId: 'dcr', version: 1, text }
  await editor.sendNotification('textDocument/didOpen', { textDocument: open })
  expect(codes(await told((m) => m.uri === uri))).toEqual([])

  const place = { textDocument: { uri }, position: { line: 4, character: 8 } }
  const hover = await editor.sendRequest<Hover>('textDocument/hover', place)
  expect(JSON.stringify(hover.contents)).toContain('30,730 numbers in 2 parameters')
  expect(JSON.stringify(hover.contents)).toContain('trained in `s`')

  const renamed = await editor.sendRequest<WorkspaceEdit>('textDocument/rename', {
    ...place,
    newName: 'reader',
  })
  // declared, called, trained, exported
  expect(renamed.changes?.[uri]).toHaveLength(4)
  const refused = editor.sendRequest('textDocument/rename', { ...place, newName: 'stage of' })
  await expect(refused).rejects.toThrow('`stage of` is not a name')

  // a model of another width than the data: the mistake shows in the loss
  const range = { start: { line: 4, character: 28 }, end: { line: 4, character: 30 } }
  const wrong = { textDocument: { uri, version: 2 }, contentChanges: [{ range, text: '16' }] }
  await editor.sendNotification('textDocument/didChange', wrong)
  const mismatch = await told((m) => m.diagnostics.length > 0)
  expect(mismatch.diagnostics[0]?.range.start.line).toBe(5)

  const typed = { start: { line: 4, character: 35 }, end: { line: 4, character: 35 } }
  const broken = { textDocument: { uri, version: 3 }, contentChanges: [{ range: typed, text: ',' }] }
  await editor.sendNotification('textDocument/didChange', broken)
  const comma = await told((m) => codes(m).some((code) => String(code).startsWith('syntax/')))
  const at = comma.diagnostics.find((d) => String(d.code).startsWith('syntax/'))
  const asked = { textDocument: { uri }, range: at?.range, context: { diagnostics: [] } }
  const [action] = await editor.sendRequest<CodeAction[]>('textDocument/codeAction', asked)
  expect(action?.edit?.changes?.[uri]?.[0]).toEqual({ range: at?.range, newText: '' })

  await editor.sendNotification('textDocument/didClose', { textDocument: { uri } })
  expect(codes(await told((m) => m.uri === uri && m.diagnostics.length === 0))).toEqual([])
  await editor.sendRequest('shutdown')
  await editor.sendNotification('exit')
  expect(await ended).toBe(0)
}, 60_000)
