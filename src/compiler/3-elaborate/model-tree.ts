import type { PlacedWeight } from './facts.js'
import { joinPath } from './join-path.js'
import type { Instance, Val, Weight } from './values.js'

/** Gives an instance and all below it their place in a model. One that has a place keeps it (shared weights). */
export function place(value: Val, model: string, path: string, parent?: Instance): void {
  if (value.kind === 'list') value.items.forEach((item, k) => place(item, model, joinPath(path, k), parent))
  else if (value.kind === 'instance' && !value.place) {
    value.place = { model, path }
    if (parent) value.parent = parent
    for (const [name, child] of value.children) place(child, model, joinPath(path, name), value)
  }
}

/** What may be trained of them: all but states. */
export const trainable = (value: Val): readonly PlacedWeight[] =>
  placedParameters(value).filter(({ weight }) => !weight.state && !weight.copied)

/** Every parameter and state below a value, with its full path, in order of declaration. */
export const parametersOf = (value: Val): readonly { readonly path: string; readonly weight: Weight }[] =>
  placedParameters(value)

/** The same with the models: a list may hold parts of several. */
export function placedParameters(value: Val): readonly PlacedWeight[] {
  const found = new Map<string, PlacedWeight>()
  const seen = new Set<Instance>()
  const walk = (v: Val): void => {
    if (v.kind === 'list') v.items.forEach(walk)
    else if (v.kind === 'instance' && v.place && !seen.has(v)) {
      seen.add(v)
      const { model } = v.place
      for (const weight of v.weights.values()) {
        const path = joinPath(v.place.path, weight.name)
        found.set(`${model}/${path}`, { model, path, weight })
      }
      for (const child of v.children.values()) walk(child)
    }
  }
  walk(value)
  return [...found.values()]
}
