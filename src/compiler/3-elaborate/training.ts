import type { Elaboration } from './elaboration.js'
import type { Facts } from './facts.js'
import { trainable } from './model-tree.js'
import { joinPath } from './join-path.js'
import type { Instance } from './values.js'

const below = new WeakMap<Facts, ReadonlySet<string>>()
const parameterless = new WeakMap<Instance, boolean>()

/**
 * What `training` means in the functions of an instance: whether the stage trains something under it. An instance without
 * parameters follows the one whose member it is, a model without any follows the stage, a copy its model.
 */
export function isTraining(x: Elaboration, instance: Instance): boolean {
  const { facts } = x
  if (facts.changing === null || x.isFrozen(instance.place)) return false
  const at = below.get(facts) ?? trainedPlaces(x, facts)
  below.set(facts, at)
  let asked: Instance | undefined = instance.copies ?? instance
  while (asked && isParameterless(asked)) asked = asked.parent
  return !asked?.place || at.has(key(asked.place.model, asked.place.path))
}

function isParameterless(instance: Instance): boolean {
  const known = parameterless.get(instance) ?? trainable(instance).length === 0
  parameterless.set(instance, known)
  return known
}

/** All places at or above a parameter that is trained, by itself or by an adapter beside it. */
function trainedPlaces(x: Elaboration, { changing, adapters }: Facts): ReadonlySet<string> {
  const beside = [...x.adapted.values()].filter(({ adapter }) => adapters.get(adapter.name) === 'trained')
  const places = new Set<string>()
  for (const { model, path } of [...(changing ?? []), ...beside.map(({ weight }) => weight)]) {
    let prefix = ''
    places.add(key(model, prefix))
    for (const part of path.split('.')) {
      prefix = joinPath(prefix, part)
      places.add(key(model, prefix))
    }
  }
  return places
}

const key = (model: string, path: string): string => `${model}/${path}`
