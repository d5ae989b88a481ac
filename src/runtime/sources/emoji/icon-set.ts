import { join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../../../disk.js'
import type { DataPackage } from '../files/npm-package.js'

const icon = z.object({
  body: z.string(),
  left: z.number().optional(),
  top: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
})
const alias = z.object({
  parent: z.string(),
  hFlip: z.boolean().optional(),
  vFlip: z.boolean().optional(),
  rotate: z.number().optional(),
})
const iconsFile = z.object({
  icons: z.record(z.string(), icon),
  aliases: z.record(z.string(), alias).default({}),
  // Iconify's default.
  width: z.number().default(16),
  height: z.number().default(16),
})
const charsFile = z.record(z.string(), z.string())
const metadataFile = z.object({ categories: z.record(z.string(), z.array(z.string())) })

export type IconFile = z.infer<typeof iconsFile>

/** One picture of a set: its name (`grinning-face`) and category. */
export interface IconName {
  readonly name: string
  readonly category: string
}

function readJson(set: DataPackage, file: string): unknown {
  return JSON.parse(readFileSync(join(set.folder, file), 'utf8'))
}

/**
 * The pictures of a set by code points (`1f600`, parts joined by `-`). The variation selector fe0f is dropped, because
 * the sets disagree on it; so are skin tones (1f3fb to 1f3ff), which repeat a picture in another colour.
 */
export function readNames(set: DataPackage): ReadonlyMap<string, IconName> {
  const category = new Map(
    Object.entries(metadataFile.parse(readJson(set, 'metadata.json')).categories).flatMap(([name, icons]) =>
      icons.map((icon): [string, string] => [icon, name]),
    ),
  )
  const names = new Map<string, IconName>()
  for (const [points, name] of Object.entries(charsFile.parse(readJson(set, 'chars.json')))) {
    const parts = points.split('-').filter((part) => part !== 'fe0f')
    if (parts.some((part) => /^1f3f[b-f]$/.test(part))) continue
    names.set(parts.join('-'), { name, category: category.get(name) ?? 'Component' })
  }
  return names
}

export const readIcons = (set: DataPackage): IconFile => iconsFile.parse(readJson(set, 'icons.json'))

/** The picture of a name as an SVG document of `pixels` by `pixels`; aliases may mirror or turn their parent. */
export function svg(set: IconFile, name: string, pixels: number): string | undefined {
  const turn = set.aliases[name]
  const drawn = set.icons[turn?.parent ?? name]
  if (!drawn) return undefined
  const { left = 0, top = 0, width = set.width, height = set.height } = drawn
  const [cx, cy] = [left + width / 2, top + height / 2]
  const body = turn
    ? `<g transform="translate(${cx} ${cy}) scale(${turn.hFlip ? -1 : 1} ${turn.vFlip ? -1 : 1}) rotate(${(turn.rotate ?? 0) * 90}) translate(${-cx} ${-cy})">${drawn.body}</g>`
    : drawn.body
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${pixels}" ` +
    `height="${pixels}" viewBox="${left} ${top} ${width} ${height}">${body}</svg>`
  )
}
