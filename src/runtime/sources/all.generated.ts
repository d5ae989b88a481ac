// Written by `npm run generate` from the files of this folder.
import emojiArt from './emoji-art.js'
import imageShards from './image-shards.js'
import mnist from './mnist.js'
import type { SourceOpener } from './dataset.js'

export const openers: readonly SourceOpener[] = [emojiArt, imageShards, mnist].flat()
