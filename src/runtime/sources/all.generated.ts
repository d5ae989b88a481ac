// Written by `npm run generate` from the files of this folder.
import cifar from './cifar.js'
import emojiArt from './emoji-art.js'
import imageFolder from './image-folder.js'
import mnist from './mnist.js'
import ownSource from './own-source.js'
import parquet from './parquet.js'
import table from './table.js'
import webdataset from './webdataset.js'
import type { SourceOpener } from './dataset.js'

export const openers: readonly SourceOpener[] = [
  cifar,
  emojiArt,
  imageFolder,
  mnist,
  ownSource,
  parquet,
  table,
  webdataset,
].flat()
