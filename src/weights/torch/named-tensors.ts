import {
  PickleDict,
  PickleList,
  PickleTuple,
  type PickleValue,
  ScriptObject,
  TensorView,
  damaged,
} from './values.js'

/** Deeper than any model is nested; what holds itself is deeper than this. */
const maxDepth = 100

/** What is shared is seen once for each name, and a pickle may share what is shared: more than this no model names. */
const maxValues = 1_000_000

/**
 * The tensors of a value by name: those of a dictionary by their keys, those of what stands in it, as in a checkpoint that
 * holds a state dict beside other things, behind the key and a dot. `holds` says of which fields of a module torch makes
 * its state dict. All else is no weight. Throws PickleError.
 */
export function namedTensors(
  value: PickleValue,
  holds: (type: string, field: string) => boolean,
): ReadonlyMap<string, TensorView> {
  const found = new Map<string, TensorView>()
  let seen = 0
  const walk = (at: PickleValue, name: string, depth: number): void => {
    if (depth > maxDepth) damaged(`"${name.slice(0, 100)}..." lies more than ${maxDepth} deep`)
    if (++seen > maxValues) damaged(`it has more than ${maxValues} values`)
    if (at instanceof TensorView) {
      if (found.has(name)) damaged(`it names "${name}" twice`)
      found.set(name, at)
      return
    }
    const inner = (key: string | number, item: PickleValue): void =>
      walk(item, name === '' ? String(key) : `${name}.${key}`, depth + 1)
    if (at instanceof PickleDict) for (const [key, item] of at.entries) inner(key, item)
    else if (at instanceof PickleList || at instanceof PickleTuple)
      for (const [key, item] of at.items.entries()) inner(key, item)
    else if (at instanceof ScriptObject)
      for (const [key, item] of at.fields)
        if (item instanceof ScriptObject || holds(at.type, key)) inner(key, item)
  }
  walk(value, '', 0)
  return found
}
