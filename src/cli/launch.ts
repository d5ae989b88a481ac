#!/usr/bin/env node
import module from 'node:module'
import { setFlagsFromString } from 'node:v8'

// V8 of Node 20 optimises functions so early that a command of half a second spends a third of it there; later
// versions wait longer by themselves, and complain of this flag.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000')
// From Node 22 on what was compiled of the program is kept for its next start.
const { enableCompileCache } = module as { enableCompileCache?: () => void }
enableCompileCache?.()
await import('./main.js')
