import {
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
  createConnection,
} from 'vscode-languageserver/node'
import { serve } from '../lsp/server.js'
import { exitCodes } from './exit-codes.js'

/** `dcrc lsp`: a language server on standard input and output, until the editor ends it. */
export function lsp(): Promise<number> {
  const connection = createConnection(
    ProposedFeatures.all,
    new StreamMessageReader(process.stdin),
    new StreamMessageWriter(process.stdout),
  )
  serve(connection)
  return new Promise((done) => {
    connection.onExit(() => done(exitCodes.done))
    process.stdin.on('end', () => done(exitCodes.done))
  })
}
