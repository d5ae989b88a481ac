/**
 * Part of the build: runs the built program as its users do, and keeps the code that V8 made of it for `loadProgram`.
 * usage: node record-code.js FILE FOLDER
 */
import './engine.js'
import { writeFileSync } from 'node:fs'
import { codeFile, loadProgram } from './program-code.js'

const [node = '', script = '', file = '', folder = ''] = process.argv
const lines = [
  ['check', file],
  ['compile', file, '--out', folder],
]
const program = loadProgram()

/** One command after the other: each ends when the process has nothing left to do. */
process.on('beforeExit', () => {
  const line = lines.shift()
  if (line) {
    process.argv = [node, script, ...line]
    setImmediate(() => program.run())
  } else if (process.exitCode === 0) {
    writeFileSync(codeFile, program.script.createCachedData())
  }
})
