import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

const folder = dirname(fileURLToPath(import.meta.url))
/** The built program. */
export const programFile = join(folder, 'dcrc.js')

/** Where the build keeps what V8 made of the program, which no other version and no other machine can use. */
export const codeFile = join(folder, `dcrc.${process.version}-${process.platform}-${process.arch}.code`)

export interface Program {
  readonly script: Script
  /** Runs it on the command line of the process. */
  run(): void
}

/**
 * The built program. A command that takes less than a second spends a quarter of it on compiling JavaScript; with the
 * code of a run at the time of the build, V8 compiles nothing that was needed then. V8 refuses code that does not fit,
 * and compiles as it always does.
 */
export function loadProgram(): Program {
  const source = `(function (require, __filename) {${readFileSync(programFile, 'latin1')}\n})`
  const cachedData = existsSync(codeFile) ? readFileSync(codeFile) : undefined
  const script = new Script(source, { filename: programFile, ...(cachedData ? { cachedData } : {}) })
  return {
    script,
    run: () => {
      const start = script.runInThisContext() as (require: NodeJS.Require, file: string) => void
      start(createRequire(programFile), programFile)
    },
  }
}
