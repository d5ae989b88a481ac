import { towerOf } from '../../weights/other-names.js'

/**
 * `target_modules` that peft reads as exactly these modules of a model. A name in a list stands for every module whose
 * path ends in it; where that is one too many, a pattern of whole paths says it. A model that is one tower of
 * transformers has its name in front of all paths or has not, by transformers' version: both are meant.
 */
export function peftTargets(
  modules: readonly string[],
  parameters: readonly string[],
): readonly string[] | string {
  const tower = towerOf(parameters)
  const own = modules.map((module) => module.slice(tower.length))
  const others = modulesOf(parameters).filter((module) => !modules.includes(module))
  const names = new Set(own)
  if (!others.some((module) => endsOf(module).some((end) => names.has(end)))) return own
  const exact = own.map(escaped).join('|')
  return `${tower === '' ? '' : `(?:${escaped(tower)})?`}(?:${exact})`
}

/**
 * `rank_pattern` or `alpha_pattern` that peft reads as these numbers of these layers. Its keys are patterns of ends of
 * paths; these are of whole ones.
 */
export function peftPattern<L extends { readonly module: string }>(
  layers: readonly L[],
  parameters: readonly string[],
  of: (layer: L) => number | undefined,
): Readonly<Record<string, number>> {
  const tower = towerOf(parameters)
  const head = tower === '' ? '^' : `^(?:${escaped(tower)})?`
  return Object.fromEntries(
    layers.flatMap((layer) => {
      const value = of(layer)
      return value === undefined ? [] : [[head + escaped(layer.module.slice(tower.length)), value]]
    }),
  )
}

/** All modules that hold parameters, or parts that do. */
const modulesOf = (parameters: readonly string[]): readonly string[] => [
  ...new Set(
    parameters.flatMap((path) => {
      const parts = path.split('.')
      return parts.slice(1).map((_, k) => parts.slice(0, k + 1).join('.'))
    }),
  ),
]

/** A path, and what is left of it without its first parts. */
const endsOf = (path: string): readonly string[] => {
  const parts = path.split('.')
  return parts.map((_, k) => parts.slice(k).join('.'))
}

const escaped = (text: string): string => text.replace(/[^\w]/g, String.raw`\$&`)
