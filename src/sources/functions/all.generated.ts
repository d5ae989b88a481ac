// Written by `npm run generate` from the files of this folder.
import wordTokens from './word-tokens.js'
import type { HostFunction } from '../source.js'

export const functions: readonly HostFunction[] = [wordTokens].flat()
