// Written by `npm run generate` from the files of this folder.
import cached from './cached.js'
import centreCrop from './centre-crop.js'
import colourJitter from './colour-jitter.js'
import joined from './joined.js'
import letterbox from './letterbox.js'
import onColour from './on-colour.js'
import randomFlips from './random-flips.js'
import randomResizedCrop from './random-resized-crop.js'
import resize from './resize.js'
import tokenize from './tokenize.js'
import trimBorder from './trim-border.js'
import wordTokens from './word-tokens.js'
import type { HostBody } from './host-body.js'

export const bodies: readonly HostBody[] = [
  cached,
  centreCrop,
  colourJitter,
  joined,
  letterbox,
  onColour,
  randomFlips,
  randomResizedCrop,
  resize,
  tokenize,
  trimBorder,
  wordTokens,
].flat()
