import { type Pixels, blank } from '../runtime/pictures/picture.js'

/** Between and around tiles: a grey that neither white nor black borders are lost in. */
const ground = 0x70

/** Where tiles lie: each in the middle of a cell that holds the largest, `columns` cells a line, `gap` pixels apart. */
export function placeTiles(
  tiles: readonly { readonly width: number; readonly height: number }[],
  columns: number,
  gap: number,
) {
  const cell = {
    width: Math.max(0, ...tiles.map(({ width }) => width)),
    height: Math.max(0, ...tiles.map(({ height }) => height)),
  }
  const across = Math.min(columns, tiles.length)
  const down = Math.ceil(tiles.length / columns)
  return {
    width: across * (cell.width + gap) + gap,
    height: down * (cell.height + gap) + gap,
    places: tiles.map(({ width, height }, k) => ({
      left: gap + (k % columns) * (cell.width + gap) + ((cell.width - width) >> 1),
      top: gap + Math.floor(k / columns) * (cell.height + gap) + ((cell.height - height) >> 1),
    })),
  }
}

/** The tiles as one picture. */
export function gridOf(tiles: readonly Pixels[], columns: number, gap: number): Pixels {
  const { width, height, places } = placeTiles(tiles, columns, gap)
  const grid = blank(width, height)
  grid.data.fill(ground)
  for (const [k, tile] of tiles.entries()) {
    const { left = 0, top = 0 } = places[k] ?? {}
    for (let y = 0; y < tile.height; y++) {
      const line = tile.data.subarray(y * tile.width * 3, (y + 1) * tile.width * 3)
      grid.data.set(line, ((top + y) * width + left) * 3)
    }
  }
  return grid
}
