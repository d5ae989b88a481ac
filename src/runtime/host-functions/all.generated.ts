// Written by `npm run generate` from the files of this folder.
import wordTokens from './word-tokens.js'
import type { HostBody } from './host-body.js'

export const bodies: readonly HostBody[] = [wordTokens].flat()
