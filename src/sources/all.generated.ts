// Written by `npm run generate` from the files of this folder.
import emojiArt from './emoji-art.js'
import imageShards from './image-shards.js'
import mnist from './mnist.js'
import type { DataSource } from './source.js'

export const sources: readonly DataSource[] = [emojiArt, imageShards, mnist].flat()
