import { version } from '../compiler/version.js'
import { exitCodes } from './exit-codes.js'
import { commandLine } from './print.js'

/** Says that the mistake is ours, with the line that shows it again. */
export function reportBug(error: unknown, argv: readonly string[]): number {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    [
      `dcrc ${version} found a bug in itself: ${message}`,
      `  to see it again: DCRC_DEBUG=1 ${commandLine(['dcrc', ...argv])}`,
      '  please report this line, the files it needs, and what it prints',
      '',
    ].join('\n'),
  )
  if (process.env['DCRC_DEBUG'] !== undefined && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n`)
  return exitCodes.bug
}
