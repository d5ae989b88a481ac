import { fileURLToPath } from 'node:url'
import {
  CodeActionKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { version } from '../compiler/version.js'
import { Checks } from './checks.js'
import { codeActions } from './code-actions.js'
import { completion } from './completion.js'
import { definition } from './definition.js'
import { byFile, shown } from './diagnostics.js'
import { documentSymbols } from './document-symbols.js'
import { formatting } from './formatting.js'
import { hover } from './hover.js'
import { offsetAt } from './positions.js'
import { references } from './references.js'
import { RenameRefused, prepareRename, rename } from './rename.js'
import { Workspace } from './workspace.js'

/** Milliseconds without a key stroke after which a file is checked in full. */
const pause = 250

/** `RequestFailed` of the protocol: a request that is understood and refused. */
const requestFailed = -32803

interface Place {
  readonly textDocument: { readonly uri: string }
  readonly position: { readonly line: number; readonly character: number }
}

/** Answers an editor over a connection until it closes. */
export function serve(connection: Connection): void {
  let session: Session | undefined
  const documents = new TextDocuments(TextDocument)
  const use = (): Session => (session ??= new Session(connection, process.cwd()))

  connection.onInitialize((params) => {
    session = new Session(connection, rootOf(params))
    return capabilities
  })
  documents.onDidChangeContent(({ document }) => use().changed(document.uri, document.getText()))
  documents.onDidClose(({ document }) => use().closed(document.uri))
  connection.onDidChangeWatchedFiles(({ changes }) => use().onDisk(changes.map(({ uri }) => uri)))

  const at =
    <T>(answer: (workspace: Workspace, path: string, offset: number) => T) =>
    ({ textDocument, position }: Place): T => {
      const { workspace } = use()
      const path = workspace.pathOf(textDocument.uri)
      return refusing(() => answer(workspace, path, offsetAt(workspace, path, position)))
    }
  connection.onHover(at(hover))
  connection.onDefinition(at(definition))
  connection.onCompletion(at((w, path, offset) => [...completion(w, path, offset)]))
  connection.onPrepareRename(at(prepareRename))
  connection.onReferences(({ context, ...place }) =>
    at((w, path, offset) => [...references(w, path, offset, context.includeDeclaration)])(place),
  )
  connection.onRenameRequest(({ newName, ...place }) =>
    at((w, path, offset) => rename(w, path, offset, newName))(place),
  )
  connection.onDocumentSymbol(({ textDocument }) => {
    const { workspace } = use()
    return [...documentSymbols(workspace, workspace.pathOf(textDocument.uri))]
  })
  connection.onDocumentFormatting(({ textDocument }) => {
    const { workspace } = use()
    return [...formatting(workspace, workspace.pathOf(textDocument.uri))]
  })
  connection.onCodeAction(({ textDocument, range }) => {
    const { workspace, checks } = use()
    const path = workspace.pathOf(textDocument.uri)
    const [start, end] = [range.start, range.end].map((p) => offsetAt(workspace, path, p))
    return [...codeActions(workspace, checks.diagnostics, path, start ?? 0, end ?? 0)]
  })
  documents.listen(connection)
  connection.listen()
}

/** A refusal is an answer for the user, not a failure of the server. */
function refusing<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof RenameRefused) throw new ResponseError(requestFailed, error.message)
    throw error
  }
}

const capabilities: InitializeResult = {
  serverInfo: { name: 'dcrc', version },
  capabilities: {
    textDocumentSync: TextDocumentSyncKind.Incremental,
    hoverProvider: true,
    definitionProvider: true,
    referencesProvider: true,
    completionProvider: { triggerCharacters: ['.'] },
    renameProvider: { prepareProvider: true },
    documentFormattingProvider: true,
    documentSymbolProvider: true,
    codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
  },
}

function rootOf({ workspaceFolders, rootUri }: InitializeParams): string {
  const uri = workspaceFolders?.[0]?.uri ?? rootUri
  return uri?.startsWith('file:') === true ? fileURLToPath(uri) : process.cwd()
}

/** One editor's project: its files, their diagnostics, and which of those the editor has been told. */
class Session {
  readonly workspace: Workspace
  readonly checks: Checks
  private readonly waiting = new Set<string>()
  private timer: NodeJS.Timeout | undefined
  private told: ReadonlySet<string> = new Set()

  constructor(
    private readonly connection: Connection,
    root: string,
  ) {
    this.workspace = new Workspace(root)
    this.checks = new Checks(this.workspace)
  }

  changed(uri: string, text: string): void {
    const path = this.workspace.pathOf(uri)
    this.workspace.open(path, text)
    const [, ...others] = this.checks.touchedBy(path)
    this.guarded(() => {
      if (!this.checks.quick(path)) this.waiting.add(path)
      for (const other of others) this.waiting.add(other)
      this.publish()
    })
    this.schedule()
  }

  closed(uri: string): void {
    const path = this.workspace.pathOf(uri)
    this.workspace.close(path)
    this.checks.close(path)
    this.waiting.delete(path)
    this.publish()
  }

  onDisk(uris: readonly string[]): void {
    for (const uri of uris) {
      const path = this.workspace.pathOf(uri)
      this.workspace.forget(path)
      for (const file of this.checks.touchedBy(path)) this.waiting.add(file)
    }
    this.schedule()
  }

  private schedule(): void {
    clearTimeout(this.timer)
    if (this.waiting.size > 0) this.timer = setTimeout(() => this.guarded(() => this.rest()), pause)
  }

  /** One file that waits for its full check; the others after what the editor asks in between. */
  private rest(): void {
    const [path] = this.waiting
    if (path === undefined) return
    this.waiting.delete(path)
    this.checks.full(path)
    this.publish()
    this.timer = setTimeout(() => this.guarded(() => this.rest()), 0)
  }

  private publish(): void {
    const files = byFile(this.checks.diagnostics, [...this.told, ...this.workspace.openFiles])
    for (const [path, diagnostics] of files) {
      const uri = this.workspace.uriOf(path)
      void this.connection.sendDiagnostics({
        uri,
        diagnostics: diagnostics.map((d) => shown(this.workspace, d)),
      })
    }
    this.told = new Set([...files].filter(([, found]) => found.length > 0).map(([path]) => path))
  }

  /** A bug of the checker must not end the editor's session. */
  private guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }
}
