import type { PictureSize } from './source.js'

/** The size of a picture whose shorter side becomes `length`, as torchvision rounds it. */
export function shorterSide([height, width]: PictureSize, length: number): PictureSize {
  const longer = Math.max(1, Math.trunc((length * Math.max(height, width)) / Math.min(height, width)))
  return height < width ? [length, longer] : [longer, length]
}
