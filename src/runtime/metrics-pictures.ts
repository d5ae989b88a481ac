import { existsSync, mkdirSync } from 'node:fs'
import type { Json } from '../artefact/json.js'
import { writeWhole } from '../durable.js'
import { gridOf } from '../look/grid.js'
import { sizedTo } from '../look/tile.js'
import { encodePng } from './measures/picture/png.js'
import type { Pixels } from './pictures/picture.js'
import type { RunFolder } from './run-folder.js'

const head = 'data:image/png;base64,'

/** The pictures among what an evaluation gave, as PNG, by name; those of one of its cases under both names. */
export function picturesOf(
  metrics: Json,
  path = '',
): readonly (readonly [name: string, pngs: readonly Buffer[]])[] {
  if (Array.isArray(metrics)) {
    const pngs = metrics.flatMap((value) =>
      typeof value === 'string' && value.startsWith(head)
        ? [Buffer.from(value.slice(head.length), 'base64')]
        : [],
    )
    return pngs.length > 0 ? [[path, pngs]] : []
  }
  if (typeof metrics !== 'object' || metrics === null) return []
  return Object.entries(metrics).flatMap(([name, value]) =>
    picturesOf(value, path === '' ? name : `${path}/${name}`),
  )
}

/** Writes what an evaluation drew as one picture in the run's folder, a line for each name. */
export async function writePictures(
  folder: RunFolder,
  moment: string,
  evaluation: string,
  metrics: Json,
): Promise<void> {
  const lines = picturesOf(metrics)
  const file = folder.path('pictures', `${moment}-${evaluation}.png`)
  if (lines.length === 0 || existsSync(file)) return
  const across = Math.max(...lines.map(([, pngs]) => pngs.length))
  const tiles = await Promise.all(
    lines.flatMap(([, pngs]) => Array.from({ length: across }, (_, k) => decoded(pngs[k]))),
  )
  mkdirSync(folder.path('pictures'), { recursive: true })
  const { data, width, height } = gridOf(tiles, across, 4)
  writeWhole(file, encodePng(data, width, height))
}

/** Small pictures enlarged, so that they can be seen; what a shorter line lacks is empty. */
async function decoded(png: Buffer | undefined): Promise<Pixels> {
  if (!png) return { kind: 'pixels', width: 1, height: 1, channels: 3, data: new Uint8Array([112, 112, 112]) }
  const { default: sharp } = await import('sharp')
  const { data, info } = await sharp(png)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return sizedTo({ kind: 'pixels', width: info.width, height: info.height, channels: 3, data }, 96, 256)
}
