import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ExtensionContext, window, workspace } from 'vscode'
import { type Executable, LanguageClient, TransportKind } from 'vscode-languageclient/node'

let client: LanguageClient | undefined

/** The program to start: as set, else the workspace's own, else the one on the PATH. */
function server(): Executable {
  const set = workspace.getConfiguration('dcr').get<string>('server', '')
  const transport = TransportKind.stdio
  const folders = (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath)
  const [cwd] = folders
  const options = cwd === undefined ? {} : { cwd }
  if (set !== '') return { command: set, args: ['lsp'], transport, options }
  // Run by Node itself, which works the same with and without a shell's scripts.
  const main = folders
    .map((folder) => join(folder, 'node_modules', 'dcrc', 'dist', 'cli', 'main.js'))
    .find((file) => existsSync(file))
  if (main !== undefined) return { command: 'node', args: [main, 'lsp'], transport, options }
  const onPath = process.platform === 'win32' ? 'dcrc.cmd' : 'dcrc'
  return { command: onPath, args: ['lsp'], transport, options: { ...options, shell: process.platform === 'win32' } }
}

export async function activate(context: ExtensionContext): Promise<void> {
  const watched = workspace.createFileSystemWatcher('**/*.dcr')
  context.subscriptions.push(watched)
  client = new LanguageClient('dcr', 'dcrc', server(), {
    documentSelector: [{ scheme: 'file', language: 'dcr' }],
    synchronize: { fileEvents: watched },
  })
  try {
    await client.start()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    void window.showErrorMessage(
      `dcrc could not be started (${why}). Install it in the workspace, \`npm install dcrc\`, or set dcr.server.`,
    )
  }
}

export const deactivate = (): Promise<void> | undefined => client?.stop()
