import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../../../artefact/json.js'
import { encoded } from '../../pictures/picture.js'
import { DataMissing, type Dataset, type Row } from '../dataset.js'
import { fingerprintOf } from './fingerprint.js'

/** A caption of a picture that lies in a folder. */
export interface Captioned {
  /** The picture's path from the folder. */
  readonly name: string
  readonly image: bigint
  readonly caption: string
}

/** Captions in the order of their file, each with its picture. Throws DataMissing where there is no such folder. */
export function captioned(
  captions: readonly Captioned[],
  { file, folder, settings, help }: { file: string; folder: string; settings: Settings; help: string },
): Dataset {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new DataMissing(`the folder ${folder} is missing`, help)
  const textOf = ({ name, image, caption }: Captioned): Row => ({
    name,
    caption,
    image_id: BigInt64Array.of(image),
  })
  return {
    length: captions.length,
    fingerprint: fingerprintOf('', [file], settings),
    row(index) {
      const found = captions[index]
      if (!found) throw new RangeError(`no row ${index}`)
      return { image: encoded(join(folder, found.name), found.name), ...textOf(found) }
    },
    columns: async () => captions.map(textOf),
  }
}
