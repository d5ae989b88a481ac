/**
 * Part of the build: runs the built program as its users do, and keeps the code that V8 made of it for `loadProgram`.
 * The plan is made in the program's own folder, where `keptFigures` finds it.
 * usage: node record-code.js FILE FOLDER PLANNED
 */
import './engine.js'
import { writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codeFile, loadProgram } from './program-code.js'

const [node = '', script = '', file = '', folder = '', planned = ''] = process.argv
const lines = [
  { at: '.', line: ['check', file] },
  { at: '.', line: ['compile', file, '--out', folder] },
  { at: dirname(codeFile), line: ['plan', resolve(planned)] },
]
const program = loadProgram()

/** One command after the other: each ends when the process has nothing left to do. */
process.on('beforeExit', () => {
  const next = lines.shift()
  if (next) {
    process.chdir(next.at)
    process.argv = [node, script, ...next.line]
    setImmediate(() => program.run())
  } else if (process.exitCode === 0) {
    writeFileSync(codeFile, program.script.createCachedData())
  }
})
