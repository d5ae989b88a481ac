import { readSettings } from '../settings.js'
import { declaredLength, streamRowCount } from './row-count.js'
import {
  type ColumnType,
  type DataSource,
  type SettingParameter,
  anyPicture,
  integer,
  shuffle,
  text,
} from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'shards',
    kind: 'path',
    doc: 'The archives: `cc3m/{00000..00331}.tar`, `cc3m/*.tar`.',
  },
  shuffle,
  streamRowCount,
  {
    name: 'members',
    kind: 'strings',
    default: [],
    doc: 'Suffixes of further members, as columns: `mask.png` is the column `mask_png`, a picture; what is no picture is text.',
  },
]

const pictures = /(?:^|\.)(?:jpe?g|png|webp|gif|tiff?|avif)$/

/** The column of a suffix. */
export const memberColumn = (suffix: string): string => suffix.toLowerCase().replaceAll(/\W/g, '_')
export const isPictureSuffix = (suffix: string): boolean => pictures.test(suffix)

/**
 * A sample is a run of members whose paths are equal up to the first dot of the name: `00017.jpg`, `00017.txt`. What
 * img2dataset writes.
 */
const webdataset: DataSource = {
  name: 'webdataset',
  doc: 'Pictures and captions in tar archives, as img2dataset writes them: `000000017.jpg`, `000000017.txt`, `000000017.json`. `image` is the first member that is a picture, `caption` the `.txt`, `label` the `.cls`; a sample without one that is read is left out.',
  parameters,
  streams: true,
  length: declaredLength,
  columns: (settings) => ({
    image: anyPicture,
    caption: text,
    label: integer,
    key: text,
    ...Object.fromEntries(
      readSettings(settings, parameters)
        .strings('members')
        .map((suffix): [string, ColumnType] => [
          memberColumn(suffix),
          isPictureSuffix(suffix) ? anyPicture : text,
        ]),
    ),
  }),
}

export default webdataset
