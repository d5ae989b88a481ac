import { isatty } from 'node:tty'
import { writeFileSync } from '../disk.js'
import { gridOf } from '../look/grid.js'
import { halfBlocks } from '../look/half-blocks.js'
import { sizedTo } from '../look/tile.js'
import { encodePng } from '../runtime/measures/picture/png.js'
import type { Pixels } from '../runtime/pictures/picture.js'

/** Pictures of samples, so many for each. */
export interface Tiles {
  readonly tiles: readonly Pixels[]
  readonly perSample: number
}

/** Pictures across a PNG, and at most in one. */
const across = 8
export const mostTiles = 64

/** Those of a sample stay on one line. */
const wholeSamples = (across: number, perSample: number): number =>
  Math.max(1, Math.floor(across / perSample)) * perSample

export function writeGrid({ tiles, perSample }: Tiles, file: string): void {
  const sized = tiles.map((tile) => sizedTo(tile, 96, 256))
  const { data, width, height } = gridOf(sized, wholeSamples(across, perSample), 4)
  writeFileSync(file, encodePng(data, width, height))
}

/** Columns of a picture in a terminal, and lines of pictures. */
const side = 24
const lines = 2

/** The first pictures for a terminal; nothing where it has no 24-bit colours. */
export function terminalGrid({ tiles, perSample }: Tiles): string {
  const { stdout } = process
  const colours = isatty(stdout.fd) && process.env['NO_COLOR'] === undefined && stdout.hasColors(2 ** 24)
  if (!colours || tiles.length === 0) return ''
  const fitting = wholeSamples(Math.floor((stdout.columns - 1) / (side + 1)), perSample)
  const sized = tiles.slice(0, fitting * lines).map((tile) => sizedTo(tile, side, side))
  return `${halfBlocks(gridOf(sized, fitting, 1))}\n`
}
