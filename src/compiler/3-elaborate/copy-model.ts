import { badCopy } from '../../diagnostics/catalogue/state.js'
import type { StateItem } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { place } from './model-tree.js'
import { joinPath } from './join-path.js'
import { type Instance, type Val, type Weight, describe } from './values.js'

/**
 * `state teacher = copy(net)`: an instance like a model or a part of one, with parameters of its own that start as those
 * of the model are. `remake` makes another instance of a model.
 */
export function copyModel(
  x: Elaboration,
  { name, value: e }: StateItem,
  env: Environment,
  remake: (model: string) => Val | undefined,
): Instance {
  const [argument, ...others] = e.kind === 'call' ? e.arguments : []
  const isCopy = e.kind === 'call' && e.callee.kind === 'name' && e.callee.name === 'copy'
  if (!isCopy || !argument || argument.name || others.length > 0)
    return fail(badCopy(e.span, { name: name.text }))
  const original = evaluate(x, argument.value, env)
  const got = describe(original)
  const found = original.kind === 'instance' ? original.place : undefined
  const made = found && remake(found.model)
  const copy = made && at(made, found.path === '' ? [] : found.path.split('.'))
  if (original.kind !== 'instance' || copy?.kind !== 'instance')
    return fail(badCopy(argument.span, { name: name.text, got }))
  place(copy, name.text, '')
  follow(original, copy)
  return copy
}

/** The part of a value at a path. */
function at(value: Val | undefined, path: readonly string[]): Val | undefined {
  const [first, ...rest] = path
  if (first === undefined) return value
  if (value?.kind === 'instance') return at(value.children.get(first), rest)
  return value?.kind === 'list' ? at(value.items[Number(first)], rest) : undefined
}

/** Ties a copy to what it was copied from, part by part. */
function follow(original: Val | undefined, copy: Val): void {
  if (copy.kind === 'list' && original?.kind === 'list')
    copy.items.forEach((item, k) => follow(original.items[k], item))
  if (copy.kind !== 'instance' || original?.kind !== 'instance' || copy.copies) return
  copy.copies = original
  const weights = copy.weights as Map<string, Weight>
  for (const [name, weight] of original.weights) {
    const { model, path } = original.place ?? { model: '', path: '' }
    const init = { kind: 'copy', model, path: joinPath(path, name) } as const
    const own = { ...weight, copied: true as const, init }
    weights.set(name, own)
    copy.environment.set(name, { kind: 'weight', instance: copy, weight: own })
  }
  for (const [name, child] of copy.children) follow(original.children.get(name), child)
}
