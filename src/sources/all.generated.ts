// Written by `npm run generate` from the files of this folder.
import cifar from './cifar.js'
import classPrompts from './class-prompts.js'
import cocoCaptions from './coco-captions.js'
import emojiArt from './emoji-art.js'
import flickr30k from './flickr30k.js'
import idx from './idx.js'
import imageFolder from './image-folder.js'
import mmvpVlm from './mmvp-vlm.js'
import mnist from './mnist.js'
import naturalbenchRetrieval from './naturalbench-retrieval.js'
import ownSource from './own-source.js'
import parquet from './parquet.js'
import table from './table.js'
import webdataset from './webdataset.js'
import type { DataSource } from './source.js'

export const sources: readonly DataSource[] = [
  cifar,
  classPrompts,
  cocoCaptions,
  emojiArt,
  flickr30k,
  idx,
  imageFolder,
  mmvpVlm,
  mnist,
  naturalbenchRetrieval,
  ownSource,
  parquet,
  table,
  webdataset,
].flat()
