import type { PictureSize } from '../../sources/source.js'
import type { Draws } from '../host-functions/host-body.js'
import type { Box } from './geometry.js'

export interface Ranges {
  /** Of the area. */
  readonly scale: readonly [least: number, most: number]
  /** Of width by height. */
  readonly ratio: readonly [least: number, most: number]
}

const attempts = 10

/** A random part of a picture. Source: torchvision, RandomResizedCrop.get_params. */
export function randomBox([height, width]: PictureSize, { scale, ratio }: Ranges, draws: Draws): Box {
  const between = (low: number, high: number): number => low + (high - low) * draws.uniform()
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = height * width * between(...scale)
    const shape = Math.exp(between(Math.log(ratio[0]), Math.log(ratio[1])))
    const w = Math.round(Math.sqrt(area * shape))
    const h = Math.round(Math.sqrt(area / shape))
    if (w < 1 || h < 1 || w > width || h > height) continue
    const top = Math.floor(draws.uniform() * (height - h + 1))
    const left = Math.floor(draws.uniform() * (width - w + 1))
    return { left, top, width: w, height: h }
  }
  // The picture is too narrow for such parts: its middle, as wide or high as may be.
  const shape = width / height
  const w = shape > ratio[1] ? Math.max(1, Math.round(height * ratio[1])) : width
  const h = shape < ratio[0] ? Math.max(1, Math.round(width / ratio[0])) : height
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h }
}
